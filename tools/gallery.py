"""Train each system, measure it, and write docs/gallery.md: a picture and the figures that show its point.

    python -m tools.gallery [NAME ...] [--runs FOLDER]
    python -m tools.gallery [NAME ...] --time

Without names, all systems. A run that stands in FOLDER (runs/gallery unless given) goes on where it stopped,
or is taken as it is where it has ended. The page is made of what docs/gallery/ keeps: pictures and figures.
``--time`` trains nothing to its end: on a machine that does nothing else, it finds how long that takes there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from shutil import copyfile
from typing import Any, NamedTuple

import numba

from gans import Run, load, resume, train
from gans.data import load as load_data
from gans.data.spec import spec_of
from gans.files import write, write_json
from gans.machine import cores, processor
from gans.systems import SYSTEMS, build, settings_for
from gans.trainer import RunFolder, Training

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """\
# Gallery

Every system, trained once by the command below its picture, with seed 0. The figures are those of
`gans evaluate`, with the value of real data in brackets; [Metrics and figures](metrics.md) says what each
means. `python -m tools.gallery NAME` makes a row again. Minutes are those of a machine that does nothing
else, by the time of the first steps (`python -m tools.gallery --time`). Minutes of the whole training include
what else the machine did meanwhile.
"""

PHASES = ("pggan", "pix2pixhd", "seqgan")
"""Systems whose later steps take another time than their first."""

SECONDS = 12.0
"""The time of the steps that ``--time`` watches, without the first third, which may compile kernels."""


class Entry(NamedTuple):
    """What a system shows, on which data if not its own, and by which figures."""

    point: str
    figures: tuple[str, ...]
    data: str | None = None


RING = ("modes_covered", "high_quality", "reverse_kl")

ENTRIES = {
    "gan": Entry("It covers all modes of the ring.", RING, "ring"),
    "dcgan": Entry("Digits that most people read.", ("fd", "effective_classes")),
    "wgan": Entry("It covers the ring with a critic whose weights are clipped.", RING, "ring"),
    "wgan-gp": Entry("It covers 25 modes, where GAN loses some.", RING, "grid-gulrajani"),
    "wgan-div": Entry("It covers the ring without a Lipschitz constraint.", RING, "ring"),
    "lsgan": Entry("It covers the ring with squares as its losses.", RING, "ring"),
    "f-gan": Entry("It covers the ring; `--divergence` chooses the divergence.", RING, "ring"),
    "sngan": Entry("It covers the ring with a hinge loss and spectral norm.", RING, "ring"),
    "dragan": Entry("It covers the ring with a penalty around real points alone.", RING, "ring"),
    "relativistic": Entry("It covers the ring; D compares real points with generated ones.", RING, "ring"),
    "r1": Entry("It covers the ring with a penalty on D's gradient at real points.", RING, "ring"),
    "pacgan": Entry("It covers the ring; D judges two points at a time.", RING, "ring"),
    "unrolled": Entry("It covers the ring evenly; G looks five steps of D ahead.", RING),
    "cgan": Entry("A row is a class, and the digits obey it.", ("label_accuracy", "fd")),
    "acgan": Entry("A row is a class; D names the class beside real or generated.", ("label_accuracy", "fd")),
    "biggan": Entry("A row is a class; less noise gives plainer, safer digits.", ("label_accuracy", "fd")),
    "pix2pix": Entry(
        "Outlines become digits: the outline, the translation, the true digit.",
        ("label_agreement", "sharpness", "l1", "ssim"),
    ),
    "pix2pixhd": Entry(
        "A row: a map, the real scene, its copy by E's features of it, and four drawn styles.",
        ("object_accuracy", "rebuilt_l1", "style_spread"),
    ),
    "vid2vid": Entry(
        "Moving digits from maps of their classes: the map, the made frames, the real ones.",
        ("object_accuracy", "flicker", "brightness_l1", "sharpness"),
    ),
    "cyclegan": Entry(
        "Two sets without pairs: a digit, the same one in the other set, and back.",
        ("a_to_b_label_agreement", "cycle_a", "cycle_b"),
    ),
    "dualgan": Entry(
        "As CycleGAN, with Wasserstein critics: a digit and its translation.",
        ("a_to_b_label_agreement", "cycle_a", "cycle_b"),
    ),
    "stargan": Entry(
        "One G for five styles: each digit in the style of its column.",
        ("domain_agreement", "domain_l1", "cycle"),
    ),
    "infogan": Entry(
        "A row is a category that no label named; its codes turn and thicken the digit.",
        ("category_accuracy", "category_information", "code_correlation", "fd"),
    ),
    "ssgan": Entry("A classifier from 100 labels, which the generated digits help.", ("error",)),
    "dann": Entry(
        "A classifier of coloured digits whose labels it never saw.", ("target_accuracy", "source_accuracy")
    ),
    "i2i": Entry(
        "Digits get textures, and the classifier learns from them: the digit, its translation, a true one.",
        ("target_accuracy", "source_accuracy", "b_to_a_label_agreement"),
    ),
    "pggan": Entry(
        "The image grows from 7 pixels a side to 28 during training.", ("fd", "effective_classes")
    ),
    "seqgan": Entry(
        "Sequences that the oracle finds likelier than those of likelihood alone.", ("nll", "nll_pretrained")
    ),
    "began": Entry(
        "D is an autoencoder, and a control loop balances it against G.", ("fd", "effective_classes")
    ),
    "vae": Entry("No D at all: the bound of the likelihood is maximised.", ("elbo", "fd")),
    "actor-critic": Entry(
        "A GAN's networks without its game: the actor goes where the reward is, into one mode.", RING
    ),
}


def main() -> None:
    """Make the rows that are named, then the page."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.gallery", description="Make rows of docs/gallery.md."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all systems")
    parser.add_argument("--runs", type=Path, default=Path("runs/gallery"), help="folder of the runs")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the page")
    parser.add_argument("--time", action="store_true", help="find the minutes of rows that there are")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in ENTRIES]:
        parser.error(f"there is no row {unknown[0]!r}; choose from {', '.join(ENTRIES)}")
    if arguments.time and (phased := [name for name in arguments.names if name in PHASES]):
        parser.error(f"the first steps of {phased[0]} do not tell the time of the others")
    for name in arguments.names or [name for name in ENTRIES if not (arguments.time and name in PHASES)]:
        if arguments.time:
            keep_time(name, arguments.docs / "gallery")
        else:
            keep(name, trained(name, arguments.runs), arguments.docs / "gallery")
        write(arguments.docs / "gallery.md", page(arguments.docs).encode())


def trained(name: str, runs: Path) -> Run:
    """The whole run of a system; what is missing of it is trained now."""
    folder, data = runs / name, ENTRIES[name].data
    if not folder.exists():
        return train(name, data, out=folder, progress=True)
    run = load(folder)
    return run if run.step >= run.config.steps else resume(folder, progress=True)


def keep(name: str, run: Run, folder: Path) -> None:
    """Write a run's last picture, and its figures with command, time and machine, into ``folder``."""
    figures = run.evaluate()
    config = run.config
    data = f" --data {config.data}" if ENTRIES[name].data else ""
    row = {
        "command": f"python -m gans train {name}{data}",
        "data": config.data,
        "steps": run.step,
        "minutes": round(sum(record["seconds"] for record in run.history) / 60, 1),
        "alone": False,
        "processor": processor(),
        "cores": min(cores(), numba.get_num_threads()),
        "date": time.strftime("%Y-%m-%d"),
        "figures": dict(figures),
    }
    folder.mkdir(parents=True, exist_ok=True)
    copyfile(list(RunFolder(run.path).pictures())[-1], folder / f"{name}.png")
    write_json(folder / f"{name}.json", row)


def keep_time(name: str, folder: Path) -> None:
    """Write into the row of a system how many minutes its training takes here, if nothing else runs."""
    path = folder / f"{name}.json"
    row = json.loads(path.read_text("utf-8"))
    minutes = row["steps"] * step_time(name) / 60
    here = {"processor": processor(), "cores": min(cores(), numba.get_num_threads())}
    write_json(path, {**row, "minutes": float(f"{minutes:.2g}"), "alone": True, **here})


def step_time(name: str) -> float:
    """The median time of a step, in seconds, in a training from its start."""
    data = load_data(ENTRIES[name].data or SYSTEMS[name].data)
    settings = settings_for(name, data.kind)
    training = Training(build(settings, spec_of(data)), data)
    times: list[float] = []
    ends = time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < ends:
        began = time.perf_counter()
        training.advance()
        times.append(time.perf_counter() - began)
    return statistics.median(times[len(times) // 3 :])


def page(docs: Path) -> str:
    """docs/gallery.md, from the rows that are kept; systems without one are named at the end."""
    sections = [HEAD]
    missing = []
    for name in ENTRIES:
        path = docs / "gallery" / f"{name}.json"
        if path.exists():
            sections.append(section(name, json.loads(path.read_text("utf-8"))))
        else:
            missing.append(f"`{name}`")
    if missing:
        sections.append(f"Without a row yet: {', '.join(missing)}.\n")
    return "\n".join(sections)


def section(name: str, row: dict[str, Any]) -> str:
    """Heading, point, picture, figures and command of a system."""
    system, entry = SYSTEMS[name], ENTRIES[name]
    figures = "; ".join(figure(one, row["figures"]) for one in entry.figures)
    cores = "one core" if row["cores"] == 1 else f"{row['cores']} cores"
    minutes = f"{row['minutes']:g} minutes on {cores} of {row['processor']}"
    if not row.get("alone"):
        minutes = f"{row['minutes']:g} minutes of the whole training, on {cores} of {row['processor']}"
    made = f"`{row['command']}`, {row['steps']:,} steps, {minutes}, {row['date']}"
    return f"""\
## {system.title}

{system.paper}: {system.summary}.

```{{image}} gallery/{name}.png
:alt: what {system.title} made after {row["steps"]:,} steps
:width: 420px
```

{entry.point} {figures}. Trained by {made}.
"""


def figure(name: str, figures: dict[str, Any]) -> str:
    """A figure in words, with the value of real data in brackets."""
    value = figures[name]
    real = next((figures[other] for other in (f"{name}_floor", f"real_{name}") if other in figures), None)
    beside = "" if real is None else f" ({real:.4g})"
    return f"`{name}` {'none' if value is None else format(value, '.4g')}{beside}"


if __name__ == "__main__":
    main()
