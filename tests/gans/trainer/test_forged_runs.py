"""Runs whose files are whole and make no sense: refused in one line, before anything is changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.trainer import folder
from tests.gans.commands import failure, gans, records
from tests.limits import memory_limit, time_limit

LONGEST = len("gans: error: ") + 300

pytestmark = pytest.mark.usefixtures("fingerprints")


@pytest.fixture
def run(tmp_path: Path, toy_run: Path) -> Path:
    """A copy of a finished run of 14 steps, for a test to spoil."""
    return Path(shutil.copytree(toy_run, tmp_path / "run"))


def weight(state: dict[str, Any]) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = state["parts"]["generator"]["0.weight"]
    return array


def spoilt_weight(value: float) -> Callable[[dict[str, Any]], None]:
    def spoil(state: dict[str, Any]) -> None:
        weight(state)[0, 0] = value

    return spoil


def spoil_average(state: dict[str, Any]) -> None:
    state["parts"]["optimizer_d"]["averages"]["v"][1][0] = np.nan


CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda s: s.update(step=-1), "Expected `int` >= 0 - at `$.step`"),
    (lambda s: s.update(step=15), "it was saved after step 15 of 14"),
    (lambda s: s.update(step=10**30), "- at `$.step`"),
    (lambda s: s.update(step=2.0), "Expected `int`, got `float` - at `$.step`"),
    (lambda s: s.update(step=True), "Expected `int`, got `bool` - at `$.step`"),
    (lambda s: s.update(random=[]), "Expected `object`, got `array` - at `$.random`"),
    (lambda s: s.update(random={}), "'run' is missing"),
    (lambda s: s["random"].update(run={"bit_generator": "PCG64", "state": {"state": -1, "inc": 1}}), ""),
    (lambda s: s["random"].update(minigrad=7), "not a state of minigrad.random"),
    (lambda s: s.update(parts={}), "discriminator, generator, optimizer_d, optimizer_g missing"),
    (lambda s: s.update(parts={"generator": 3}), "Expected `object`, got `int`"),
    (lambda s: s["parts"].update(generator={}), "missing key"),
    (spoilt_weight(np.nan), "generator.0.weight holds NaN or infinity"),
    (spoilt_weight(np.inf), "generator.0.weight holds NaN or infinity"),
    (spoil_average, "optimizer_d.averages.v.1 holds NaN"),
    (lambda s: s["parts"]["generator"].update({"0.weight": weight(s)[:, :1]}), "'0.weight' has shape"),
    (lambda s: s["parts"]["generator"].update({"0.weight": "heavy"}), "'0.weight' "),
    (lambda s: s["parts"]["generator"].update({"\x1b" * 10**4: 1}), "(the module is unchanged)"),
    (lambda s: s["parts"]["optimizer_g"].update(steps=10**400), "steps must be an integer from 0"),
    (lambda s: s["parts"]["optimizer_g"]["hyperparameters"].update(betas=(1, 1)), "must lie in [0, 1)"),
    (
        lambda s: s["parts"]["optimizer_g"]["hyperparameters"].update(betas=10**400),
        "betas must be two numbers",
    ),
    (lambda s: s["parts"]["optimizer_g"]["averages"].update(m=[]), "expected the averages"),
]


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_a_checkpoint_that_does_not_fit_the_run(
    run: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], object], told: str
) -> None:
    path = run / "checkpoint.safetensors"
    state = mg.load(path)
    change(state)
    mg.save(path, state)
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    line = failure(capsys, "train", "--resume", run, "--steps", 20)
    assert f"{path}: does not fit the run's config.json: " in line
    assert told in line
    assert line.endswith("or delete it and --resume begins the run anew from its seed")
    assert len(line) <= LONGEST + len(str(path))
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


def test_an_average_may_be_infinite(run: Path) -> None:
    """The square of a large gradient is; the uninterrupted run goes on with it, and so does a resumed one."""
    path = run / "checkpoint.safetensors"
    state = mg.load(path)
    state["parts"]["optimizer_d"]["averages"]["v"][0][0, 0] = np.inf
    mg.save(path, state)
    assert gans("train", "--resume", run, "--steps", 15) == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"settings": {"beta1": 1}}, "beta1 must be a number of at least 0 and below 1, got 1"),
        (
            {"settings": {"lr": 1e308, "lr_ratio": 1e308}},
            "D's learning rate, lr times lr_ratio, must be a positive number, got inf",
        ),
        ({"settings": {"penalty": 1}}, "gan has no setting penalty; wgan-gp, "),
        ({"settings": {"ema": 1}}, "ema must be a number of at least 0 and below 1, got 1"),
        ({"settings": {"width": 16_384, "depth": 1_000}}, "may have 268,"),
        ({"settings": {"width": 10**400}}, "width must be at most 16,384, got 1000"),
        ({"settings": {"latent": 2**40}}, "latent must be at most 65,536"),
        ({"settings": {"optimizer": ["adam"]}}, "optimizer must be a text, got ['adam']"),
        ({"settings": {"objective": "x" * 10**5}}, "there is no objective 'xxx"),
        ({"settings": {"\x1b[31m": 1}}, r"gan has no setting '\x1b[31m'"),
        ({"settings": {"model": "dcgan"}}, "gan has no setting 'model'"),
        ({"spec": {"kind": "points", "shape": []}}, "length >= 1 - at `$.shape`"),
        ({"spec": {"kind": "points", "shape": [1] * 65}}, "- at `$.shape"),
        ({"spec": {"kind": "points", "shape": [3]}}, "of shape (2,), and config.json says (3,)"),
        ({"spec": {"kind": "points", "shape": [2**62]}}, "Expected `int` <= 65536 - at `$.shape[0]`"),
        ({"spec": {"kind": "smells", "shape": [2]}}, "Invalid enum value 'smells'"),
        ({"model": "../../nowhere.py:MyGAN"}, "nowhere.py: cannot be read"),
        ({"steps": 10**400}, "- at `$.steps`"),
        ({"data": "a\0b"}, "- at `$.data`"),
        ({"data_dir": "\ud800"}, "damaged"),
        ({"versions": {"numpy": 3}}, "- at `$.versions[...]`"),
        ({"versions": {"numpy": "1\x1b[31m" * 400, "none": "1"}}, None),
        ({"device": "tpu"}, "device is 'tpu', expected cpu or cuda"),
    ],
)
def test_a_config_that_no_run_has(
    run: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], told: str | None
) -> None:
    path = run / "config.json"
    document = json.loads(path.read_text("utf-8"))
    if "settings" in change:
        change = {"settings": {**document["settings"], **change["settings"]}}
    path.write_text(json.dumps({**document, **change}), "utf-8")
    with time_limit(), memory_limit(512):
        if told is None:
            assert gans("train", "--resume", run) == 0
            err = capsys.readouterr().err
            assert "\x1b" not in err
            assert len(err) < 400
            return
        line = failure(capsys, "train", "--resume", run, "--steps", 20)
    assert told in line
    assert line.isprintable()
    assert len(line) <= LONGEST + len(str(path))


def test_a_field_that_is_missing_is_no_flag(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run / "config.json"
    document = json.loads(path.read_text("utf-8"))
    del document["seed"]
    path.write_text(json.dumps(document), "utf-8")
    assert "missing required field seed;" in failure(capsys, "train", "--resume", run)


def test_the_config_that_counts_is_read_under_the_lock(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process lengthens the run while this one waits to begin."""
    try_lock = folder.try_lock

    def lengthened_first(descriptor: int) -> bool:
        document = json.loads((run / "config.json").read_text("utf-8"))
        (run / "config.json").write_text(json.dumps({**document, "steps": 16}), "utf-8")
        return try_lock(descriptor)

    monkeypatch.setattr(folder, "try_lock", lengthened_first)
    assert gans("train", "--resume", run) == 0
    assert json.loads((run / "config.json").read_text("utf-8"))["steps"] == 16
    assert len(records(run)) == 16


def test_two_new_runs_cannot_share_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, run: Path
) -> None:
    """Another process trains in the folder after it was found empty and before it is locked."""
    out, try_lock = tmp_path / "new", folder.try_lock

    def taken_first(descriptor: int) -> bool:
        shutil.copy(run / "config.json", out)
        return try_lock(descriptor)

    monkeypatch.setattr(folder, "try_lock", taken_first)
    told = failure(capsys, "train", "gan", "--data", "ring", "--steps", 1, "--out", out)
    assert f"{out} already holds a run" in told
    assert (out / "config.json").read_bytes() == (run / "config.json").read_bytes()
