"""``python -m benchmarks quality EXPERIMENT``: run an experiment, print each run, keep it as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks import record
from gans.cli.numbers import natural, positive


class Experiment(NamedTuple):
    """What is measured, the figure to reach, and the fields that distinguish runs."""

    summary: str
    wanted: str
    key: tuple[str, ...]


EXPERIMENTS = {
    "ring": Experiment(
        "MLP GAN on the ring of 8", "at least 7 modes and 0.90 of high quality within a minute", ("seed",)
    ),
    "grid": Experiment(
        "WGAN-GP on the grid of 25",
        "at least 24 modes; the gradient's norm settles within 0.1 of 1",
        ("seed",),
    ),
    "digits": Experiment(
        "the README's DCGAN on the shipped 5,000 digits, with gans evaluate",
        "fd at most 5.5",
        ("seed",),
    ),
    "dcgan": Experiment(
        "DCGAN on the full MNIST against PyTorch",
        "Frechet distance no worse than PyTorch's",
        ("side", "seed", "epoch"),
    ),
}


def add_parser(commands: Any) -> None:
    """The ``quality`` command."""
    parser = commands.add_parser("quality", help="does it train? experiments with a figure to reach")
    parser.add_argument("experiment", type=_experiment, choices=EXPERIMENTS)
    parser.add_argument("--seeds", type=natural, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--sides", nargs="+", default=["minigrad"], choices=["minigrad", "torch"], help="dcgan only"
    )
    parser.add_argument("--steps", type=positive, help="length of digits or grid, in updates of G")
    parser.add_argument("--data-dir", help="folder of the full MNIST, dcgan only")
    parser.set_defaults(run=run)


def _experiment(name: str) -> str:
    """A name as typed; one that moved says where to."""
    if name == "wasserstein":
        raise argparse.ArgumentTypeError("wasserstein is `python -m gans reproduce wgan-curve`")
    return name


def run(arguments: argparse.Namespace) -> int:
    """Carry out the experiment; a run is kept as soon as it ends."""
    name = arguments.experiment
    command = f"python -m benchmarks quality {name} --seeds {' '.join(map(str, arguments.seeds))}"
    if name == "dcgan":
        command += f" --sides {' '.join(arguments.sides)} --data-dir DIR"
    if arguments.steps:
        command += f" --steps {arguments.steps}"
    experiment = EXPERIMENTS[name]
    for result in _runs(name, arguments):
        record.keep(name, command, experiment.wanted, result, experiment.key)
        print({field: value for field, value in result.items() if field != "trace"}, flush=True)
    return 0


def _runs(name: str, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from benchmarks.quality import dcgan, toys

    if name == "dcgan":
        return dcgan.dcgan(arguments.seeds, arguments.sides, data_dir=arguments.data_dir)
    if name == "ring":
        return toys.ring(arguments.seeds)
    length = {"steps": arguments.steps} if arguments.steps else {}
    experiments = {"digits": dcgan.digits, "grid": toys.grid}
    return experiments[name](arguments.seeds, **length)
