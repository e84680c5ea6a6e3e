"""``gans ... --device cuda``: on the fake CuPy, and where there is none."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import data
from gans.cli import main
from gans.systems import build, settings_for
from gans.trainer import DivergedError, Training
from tests.gans.commands import assert_same_run, records
from tests.gpu.device.conftest import Copies

TRAIN = ("train", "gan", "--data", "ring", "--steps", "3", "--batch-size", "8")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weights(run: Path) -> dict[str, Any]:
    return mg.load(run / "checkpoint.safetensors")["parts"]["generator"]


def assert_near(run: Path, other: Path) -> None:
    for mine, its in zip(records(run), records(other), strict=True):
        assert mine == pytest.approx(its, rel=1e-4, abs=1e-6)
    for name, array in weights(run).items():
        np.testing.assert_allclose(array, weights(other)[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_run_on_the_device(cupy: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--device", "cuda", "--out", "on-cuda"]) == 0
    assert "step 3/3" in capsys.readouterr().out
    assert json.loads(Path("on-cuda/config.json").read_text("utf-8"))["device"] == "cuda"
    assert main([*TRAIN, "--device", "cuda", "--out", "again"]) == 0
    assert_same_run(tmp_path / "on-cuda", tmp_path / "again")
    shutil.copytree("on-cuda", "on-cpu")
    assert main(["train", "--resume", "on-cuda", "--steps", "6"]) == 0
    assert main(["train", "--resume", "on-cpu", "--steps", "6", "--device", "cpu"]) == 0
    assert_near(tmp_path / "on-cuda", tmp_path / "on-cpu")
    states = [mg.load(Path(run, "checkpoint.safetensors"))["random"] for run in ("on-cuda", "on-cpu")]
    assert states[0] == states[1]

    capsys.readouterr()
    assert main(["sample", "on-cuda", "--n", "20", "--out", "cpu.npz"]) == 0
    assert main(["sample", "on-cuda", "--n", "20", "--out", "cuda.npz", "--device", "cuda"]) == 0
    points = [np.load(f"{device}.npz")["points"] for device in ("cpu", "cuda")]
    np.testing.assert_allclose(*points, rtol=1e-4, atol=1e-5)
    assert main(["evaluate", "on-cuda", "--n", "200", "--device", "cuda"]) == 0


@pytest.mark.usefixtures("fingerprints")
def test_a_run_resumes_where_it_was_or_elsewhere(
    cupy: ModuleType, copies: Copies, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, "--device", "cuda", "--out", "run"]) == 0
    capsys.readouterr()
    assert main(["train", "--resume", "run", "--steps", "4"]) == 0
    assert json.loads(Path("run/config.json").read_text("utf-8"))["device"] == "cuda"
    assert "note" not in capsys.readouterr().err
    copies.reset()
    assert main(["train", "--resume", "run", "--steps", "5", "--device", "cpu"]) == 0
    copies.check(writes=0)
    assert "last bits may differ from those of an uninterrupted run: device cuda -> cpu" in (
        capsys.readouterr().err
    )
    assert json.loads(Path("run/config.json").read_text("utf-8"))["device"] == "cpu"
    assert main([*TRAIN, "--steps", "5", "--device", "cuda", "--out", "whole"]) == 0
    assert_near(tmp_path / "run", tmp_path / "whole")


@pytest.mark.usefixtures("fingerprints")
def test_a_run_from_before_devices_is_on_the_cpu(tmp_path: Path) -> None:
    assert main([*TRAIN, "--out", "run"]) == 0
    path = Path("run/config.json")
    config = json.loads(path.read_text("utf-8"))
    assert config.pop("device") == "cpu"
    path.write_text(json.dumps(config), "utf-8")
    assert main(["train", "--resume", "run", "--steps", "4"]) == 0
    assert json.loads(path.read_text("utf-8"))["device"] == "cpu"


@pytest.mark.usefixtures("fingerprints")
def test_a_damaged_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--out", "run"]) == 0
    path = Path("run/config.json")
    path.write_text(path.read_text("utf-8").replace('"cpu"', '"tpu"'), "utf-8")
    assert main(["train", "--resume", "run"]) == 2
    assert "run/config.json: damaged: device is 'tpu', expected cpu or cuda" in capsys.readouterr().err


def errors(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.usefixtures("fingerprints")
def test_without_cupy_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert main([*TRAIN, "--device", "cuda"]) == 2
    assert errors(capsys) == (
        "gans: error: --device cuda: the CUDA kernels need CuPy, which is not installed: "
        "pip install 'minigrad-gans[cuda12]', or [cuda13] for a driver of CUDA 13"
    )
    assert main(["train", "dcgan", "--data", "nowhere", "--device", "cuda"]) == 2
    assert "need CuPy" in errors(capsys)  # before data are looked for
    assert list(tmp_path.iterdir()) == []
    assert main([*TRAIN, "--out", "run"]) == 0
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["train", "--resume", "run", "--steps", "5", "--device", "cuda"]) == 2
    assert "need CuPy" in errors(capsys)
    for command in (["sample", "run", "--out", "x.npz"], ["evaluate", "run"]):
        assert main([*command, "--device", "cuda"]) == 2
        assert "need CuPy" in errors(capsys)
    assert before == {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_unknown_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--device", "tpu"]) == 2
    assert "--device: invalid choice: 'tpu'" in errors(capsys)


def test_a_training_that_diverges(cupy: ModuleType) -> None:
    """No replay waits for it; a reading raises nevertheless, with the step and the op that made it."""
    ring = data.load("ring")
    mg.manual_seed(0)
    training = Training(build(settings_for("gan", "points", batch_size=8), ring.shape, "cuda"), ring)
    for _ in range(4):
        training.advance()
    state = training.state_dict()
    list(state["parts"]["discriminator"].values())[-1][...] = float("inf")
    training.load_state_dict(state)
    before = training.system.discriminator.state_dict()
    training.advance()
    with pytest.raises(DivergedError, match=r"step 5 \(discriminator update\): linear made a NaN or inf"):
        training.read()
    assert training.step == 4
    for name, array in training.system.discriminator.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
