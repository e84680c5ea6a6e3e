"""Samples measured while a run trains: the log, the best checkpoint, and a training that is the same."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import gans
import minigrad as mg
from gans import evaluation, plots
from gans.data.images import image_data
from gans.errors import UserError
from gans.evaluation import Evaluation, UnmeasurableError
from gans.metrics import MEANINGS, cost
from gans.systems.gan import GAN
from gans.trainer import Record, batches, evaluations
from gans.trainer.config import RunConfig
from gans.trainer.display import LiveDisplay
from tests.gans.commands import assert_same_run, failure, said
from tests.gans.commands import gans as command
from tests.states import flat

TOY = ("train", "gan", "--data", "ring", "--batch-size", 16, "--seed", 5)
EVERY = (*TOY, "--evaluate-every", 1, "--keep-best", "wasserstein", "--checkpoint-every", 3)
ONCE = ("--evaluate-every", 1)
EPOCH = 8


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of 8 steps, of which 60 samples are measured."""
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", EPOCH)
    monkeypatch.setitem(evaluation.DEFAULTS, "points", 60)


def lines(run: Path) -> list[dict[str, Any]]:
    """The lines of evaluations.jsonl without what a clock measured; every line must be whole."""
    whole = [json.loads(line) for line in (run / "evaluations.jsonl").read_text("utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in whole]


def best_step(run: Path) -> int:
    step: int = mg.load(run / "best.safetensors")["step"]
    return step


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts figures by name in the place of measured ones, a list with a value for each epoch."""

    def script(**values: list[float | None]) -> None:
        def measure(system: Any, title: str, data: Any, n: Any, seed: int, **_: Any) -> Evaluation:
            epoch = next(epochs)
            return Evaluation({name: series[epoch] for name, series in values.items()})

        epochs = iter(range(99))
        monkeypatch.setattr(evaluations, "measure", measure)

    return script


def kill(patch: pytest.MonkeyPatch, name: str, step: int) -> None:
    """Let the process end, as if killed, where it would save a file of that name at that step."""
    save = mg.save

    def killed(path: Path, state: dict[str, Any]) -> None:
        if (path.name, state["step"]) == (name, step):
            raise ConnectionAbortedError("killed")
        save(path, state)

    patch.setattr(mg, "save", killed)


@pytest.mark.usefixtures("fingerprints")
def test_a_training_with_evaluations_is_the_one_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a system's own figures draw from minigrad's generator, whose state is in the checkpoint."""
    monkeypatch.setattr(GAN, "figures", lambda *_: {"drawn": float(mg.random.normal((1,)).item())})
    assert command(*TOY, "--steps", 20, "--out", tmp_path / "without") == 0
    assert command(*EVERY, "--steps", 20, "--out", tmp_path / "with") == 0
    assert_same_run(tmp_path / "with", tmp_path / "without")
    assert [(line["step"], line["epoch"]) for line in lines(tmp_path / "with")] == [(8, 1), (16, 2)]
    assert not (tmp_path / "without" / "evaluations.jsonl").exists()
    assert not (tmp_path / "without" / "figures.png").exists()


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("model", ["pix2pix", "vae"])
def test_images_are_the_same_with_evaluations(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pix2pix has noise in its samples, vae has figures of its own that draw."""
    pixels = np.random.default_rng(0).integers(0, 256, (70, 8, 8)).astype(np.uint8)
    images = image_data("mine", pixels, np.zeros(70, np.uint8), pixels, np.zeros(70, np.uint8))
    data: Any = gans.data.PairData("edges", images) if model == "pix2pix" else images
    monkeypatch.setitem(evaluation.DEFAULTS, "image", 70)
    small = {"batch_size": 35, "epochs": 2, "progress": False, "seed": 3}
    without = gans.train(model, data, out=tmp_path / "without", **small)
    measured = gans.train(model, data, out=tmp_path / "with", evaluate_every=2, **small)
    assert_same_run(measured.path, without.path)
    [line] = measured.evaluations
    assert (line["step"], line["samples"]) == (4, 70)


def test_a_line_has_what_an_evaluation_with_the_runs_seed_gives(tmp_path: Path) -> None:
    run = gans.train(
        "gan", "ring", epochs=4, evaluate_every=2, seed=5, batch_size=16, out=tmp_path, progress=False
    )
    assert [line["epoch"] for line in run.evaluations] == [2, 4]
    last = {**run.evaluations[-1]}
    assert last.pop("seconds") > 0
    assert (last.pop("step"), last.pop("epoch")) == (32, 4)
    assert last == gans.evaluate(run, seed=5)
    assert Image.open(io.BytesIO((tmp_path / "figures.png").read_bytes())).format == "PNG"


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize(
    ("name", "step"),
    [*(("checkpoint.safetensors", n) for n in (0, 8, 9, 16)), ("best.safetensors", 16), ("measure", 16)],
)
def test_a_run_killed_anywhere_has_the_same_log_and_the_same_best(
    name: str, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second evaluation is the best; the process ends before or after its checkpoint is written."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    distances = {1: 3.0, 2: 1.0, 3: 2.0}

    def measure(system: Any, *_: Any, **__: Any) -> Evaluation:
        weight = float(system.generator.parameters()[0].numpy().flat[0])
        return Evaluation({"wasserstein": distances[system.optimizer_g.steps // EPOCH], "weight": weight})

    def dies(figures: Evaluation) -> Evaluation:
        if figures["wasserstein"] == distances[2]:
            raise ConnectionAbortedError("killed")
        return figures

    monkeypatch.setattr(evaluations, "measure", measure)
    assert command(*EVERY, "--epochs", 3, "--out", whole) == 0
    with monkeypatch.context() as patch:
        if name == "measure":
            patch.setattr(evaluations, "measure", lambda *_, **__: dies(measure(*_, **__)))
        kill(patch, name, step)
        assert command(*EVERY, "--epochs", 3, "--out", broken) == 2
    assert command("train", "--resume", broken) == 0
    assert_same_run(broken, whole)
    assert lines(broken) == lines(whole)
    assert best_step(broken) == best_step(whole) == 16
    assert flat(mg.load(broken / "best.safetensors")) == flat(mg.load(whole / "best.safetensors"))


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize(
    ("figure", "series", "epoch"),
    [
        ("wasserstein", {"wasserstein": [3.0, 1.0, 2.0]}, 2),
        ("wasserstein", {"wasserstein": [3.0, 1.0, 1.0]}, 2),
        ("wasserstein", {"wasserstein": [None, 4.0, 5.0]}, 2),
        ("recall", {"recall": [0.5, 0.25, 0.75]}, 3),
        ("density", {"density": [1.3, 0.8, 1.1], "real_density": [1.0, 0.9, 1.3]}, 2),
    ],
)
def test_the_best_checkpoint_is_that_of_the_best_figure(
    figure: str,
    series: dict[str, list[float | None]],
    epoch: int,
    tmp_path: Path,
    scripted: Callable[..., None],
) -> None:
    scripted(**series)
    run = gans.train(
        "gan",
        "ring",
        epochs=3,
        evaluate_every=1,
        keep_best=figure,
        batch_size=16,
        out=tmp_path / "run",
        progress=False,
    )
    best = gans.load(run.path, checkpoint="best")
    assert (best.step, run.step) == (epoch * EPOCH, 3 * EPOCH)


def test_the_cost_falls_as_a_figure_gets_better() -> None:
    assert cost({"sharpness": 0.75}, "sharpness", MEANINGS["sharpness"]) == 0.25
    assert cost({"fd": 2.5}, "fd", MEANINGS["fd"]) == 2.5
    assert cost({"recall": 0.5}, "recall", MEANINGS["recall"]) == -0.5
    assert cost({"density": 0.5, "real_density": 0.75}, "density", MEANINGS["density"]) == 0.25
    assert cost({"density": 0.5}, "density", MEANINGS["density"]) is None
    assert cost({"fd": None}, "fd", MEANINGS["fd"]) is None
    assert cost({"samples": 9}, "samples", MEANINGS["samples"]) is None


@pytest.mark.usefixtures("fingerprints")
def test_a_resumed_run_knows_the_best_so_far(tmp_path: Path, scripted: Callable[..., None]) -> None:
    scripted(wasserstein=[1.0, 2.0, 1.5, 0.5])
    assert command(*EVERY, "--epochs", 2, "--out", tmp_path) == 0
    assert command("train", "--resume", tmp_path, "--epochs", 3) == 0
    assert best_step(tmp_path) == 8
    assert command("train", "--resume", tmp_path, "--epochs", 4) == 0
    assert best_step(tmp_path) == 32


@pytest.mark.usefixtures("fingerprints")
def test_the_best_by_another_figure_is_chosen_from_the_next_evaluation_on(
    tmp_path: Path, scripted: Callable[..., None]
) -> None:
    """No checkpoint is left of an earlier evaluation that was the best by that figure."""
    scripted(wasserstein=[1.0, 2.0, 3.0, 4.0], recall=[0.2, 0.9, 0.1, 0.3])
    assert command(*EVERY, "--steps", 19, "--out", tmp_path) == 0
    assert best_step(tmp_path) == 8
    assert command("train", "--resume", tmp_path, "--keep-best", "recall", "--steps", 30) == 0
    assert best_step(tmp_path) == 8  # 0.1 is below the 0.2 of that checkpoint
    assert command("train", "--resume", tmp_path, "--steps", 32) == 0
    assert best_step(tmp_path) == 32


@pytest.mark.usefixtures("fingerprints")
def test_evaluations_begin_and_end_on_resume(tmp_path: Path, scripted: Callable[..., None]) -> None:
    scripted(wasserstein=[1.0, 2.0, 3.0])
    assert command(*TOY, "--epochs", 1, "--out", tmp_path) == 0
    assert command("train", "--resume", tmp_path, "--epochs", 2, *EVERY[-6:]) == 0
    assert RunConfig.read(tmp_path).keep_best == "wasserstein"
    assert command("train", "--resume", tmp_path, "--epochs", 3, "--evaluate-every", 0) == 0
    config = RunConfig.read(tmp_path)
    assert (config.evaluate_every, config.keep_best, config.checkpoint_every) == (0, None, 3)
    assert [line["epoch"] for line in lines(tmp_path)] == [2]


@pytest.mark.usefixtures("fingerprints")
def test_a_run_of_a_version_without_evaluations_goes_on(tmp_path: Path) -> None:
    assert command(*TOY, "--steps", 1, "--out", tmp_path) == 0
    document = json.loads((tmp_path / "config.json").read_text("utf-8"))
    del document["evaluate_every"], document["keep_best"]
    (tmp_path / "config.json").write_text(json.dumps(document), "utf-8")
    assert command("train", "--resume", tmp_path, "--steps", 2) == 0
    assert RunConfig.read(tmp_path).evaluate_every == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--evaluate-every", 1, "--keep-best", "wassertein"),
            "called 'wassertein'; did you mean 'wasserstein'?",
        ),
        (("--evaluate-every", 1, "--keep-best", "fid"), "called 'fid'; it has modes_covered, high_quality, "),
        (("--evaluate-every", 1, "--keep-best", "samples"), "called 'samples'; it has "),
        (("--evaluate-every", 1, "--keep-best", "flicker"), "called 'flicker'; it has "),
        (
            ("--keep-best", "wasserstein"),
            "--keep-best wasserstein needs --evaluate-every: the best checkpoint ",
        ),
        (("--evaluate-every", -1), "--evaluate-every: '-1' is not an integer of at least 0"),
        (("--evaluate-every", 0.5), "--evaluate-every: '0.5' is not an integer of at least 0"),
    ],
)
def test_what_cannot_be_measured_or_kept_is_refused_before_anything_is_written(
    options: tuple[object, ...],
    told: str,
    toy_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told in failure(capsys, *TOY, *options, "--steps", 9, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    before = {path: path.read_bytes() for path in toy_run.rglob("*") if path.is_file()}
    assert told in failure(capsys, "train", "--resume", toy_run, *options, "--steps", 19)
    assert before == {path: path.read_bytes() for path in toy_run.rglob("*") if path.is_file()}


def test_images_without_enough_test_images_are_refused(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 8, 8)).astype(np.uint8)
    few = image_data("few", pixels, None, pixels)
    with pytest.raises(UserError, match="few has 64 test images, and an evaluation needs more than 64: give"):
        gans.train("gan", few, epochs=1, evaluate_every=1, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("fingerprints")
def test_samples_that_cannot_be_measured_are_noted_and_end_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> Evaluation:
        raise UnmeasurableError("60 samples cannot be measured: NaN")

    monkeypatch.setattr(evaluations, "measure", fail)
    assert command(*EVERY, "--epochs", 1, "--out", tmp_path) == 0
    assert "step 8: 60 samples cannot be measured: NaN" in capsys.readouterr().err
    assert lines(tmp_path) == []
    assert not (tmp_path / "best.safetensors").exists()


@pytest.mark.usefixtures("fingerprints")
def test_a_damaged_best_checkpoint_is_noted_and_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*EVERY, "--steps", 9, "--out", tmp_path) == 0
    (tmp_path / "best.safetensors").write_bytes(b"torn")
    capsys.readouterr()
    assert command("train", "--resume", tmp_path, "--steps", 16) == 0
    [line] = said(capsys.readouterr().err)
    assert "best.safetensors" in line
    assert line.endswith("the next evaluation replaces it")
    assert best_step(tmp_path) == 16


@pytest.mark.usefixtures("fingerprints")
def test_lines_that_cannot_be_read_are_kept_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*EVERY, "--steps", 9, "--out", tmp_path) == 0
    path = tmp_path / "evaluations.jsonl"
    first = path.read_text("utf-8")
    path.write_text(f"torn\n{first}", "utf-8")
    assert command("train", "--resume", tmp_path, "--steps", 10) == 0
    assert (
        "evaluations.jsonl has lines that cannot be read; the original is kept as" in capsys.readouterr().err
    )
    assert path.read_text("utf-8") == first


@pytest.mark.usefixtures("fingerprints")
def test_commands_take_the_best_checkpoint(tmp_path: Path, scripted: Callable[..., None]) -> None:
    scripted(wasserstein=[1.0, 2.0])
    run = tmp_path / "run"
    assert command(*EVERY, "--epochs", 2, "--out", run) == 0
    assert command(*TOY, "--epochs", 1, "--out", tmp_path / "short") == 0
    samples = {}
    for checkpoint in ("best", "last"):
        out = tmp_path / f"{checkpoint}.npz"
        assert command("sample", run, "--checkpoint", checkpoint, "--n", 9, "--out", out) == 0
        samples[checkpoint] = np.load(out)["points"]
    assert not np.array_equal(samples["best"], samples["last"])
    assert np.array_equal(samples["best"], gans.load(run, checkpoint="best").sample(9))
    assert np.array_equal(samples["best"], gans.load(tmp_path / "short").sample(9))
    assert command("evaluate", run, "--checkpoint", "best", "--n", 30) == 0
    document = json.loads((run / "evaluation.json").read_text("utf-8"))
    assert (document["checkpoint"], document["step"]) == ("best", 8)
    assert document["sample_sizes"]["wasserstein"] == 30
    assert command("export", run, "--checkpoint", "best", "--out", tmp_path / "best_g.safetensors") == 0
    assert "after step 8" in (tmp_path / "best_g.py").read_text("utf-8")


@pytest.mark.usefixtures("fingerprints")
def test_a_run_without_a_best_checkpoint_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*TOY, "--steps", 1, "--out", tmp_path) == 0
    told = failure(capsys, "sample", tmp_path, "--checkpoint", "best", "--out", tmp_path / "x.png")
    assert told.endswith(
        "(best.safetensors is missing); training keeps one with --keep-best and --evaluate-every"
    )
    with pytest.raises(UserError, match="there is no `checkpoint` 'first'; a run has last and best"):
        gans.load(tmp_path, checkpoint="first")  # type: ignore[arg-type]


@pytest.mark.usefixtures("fingerprints")
def test_displays_show_figures_beside_those_of_real_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*EVERY, "--epochs", 1, "--out", tmp_path) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "measured" in line]
    figures = lines(tmp_path)[0]
    assert line.startswith("epoch 1/1  measured  ")
    assert f"wasserstein {figures['wasserstein']:.4g} (real {figures['wasserstein_floor']:.4g})" in line
    console = Console(file=io.StringIO(), force_terminal=True, width=300)
    with LiveDisplay(RunConfig.read(tmp_path), tmp_path, console, lambda: False) as display:
        display.measuring("making 60 samples")
        console.print(display._render())
        display.evaluated(Record(8, 1, {}, 0.1), Evaluation({"fd": 3.0, "fd_floor": 0.5, "[x]": 1}))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "making 60 samples" in shown
    assert "fd 3 (real 0.5)" in shown


def test_a_picture_of_figures_needs_an_evaluation_and_leaves_out_what_is_no_number() -> None:
    lines = [{"step": 8, "fd": 3.0, "fd_floor": 0.5}, {"step": 16, "fd": None, "fd_floor": 0.5}]
    picture = plots.figure_curves(lines, {"fd": "fd_floor", "kid": None}, "a run")
    assert Image.open(io.BytesIO(picture)).format == "PNG"
    assert plots.figure_curves(lines, {"kid": "kid_floor"}, "a run")[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="at least one evaluation"):
        plots.figure_curves([], {"fd": None}, "a run")
