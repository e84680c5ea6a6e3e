"""Names and numbers that users type: every name that a file system takes, and numbers of any length."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from gans.cli import main
from gans.messages import one_line
from tests.gans.commands import TOY, environment, failure, finish, gans, idx_folder, said
from tests.processes import started

ODD = "日本語 $x^2$ \\frac $ [red] \x1b[31m \n {0} %s 🦆 \u202e"
NO_TEXT = "\udcff\udcfe"
NAMES = [ODD, "é" * 120, NO_TEXT]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_an_output(
    tmp_path: Path, toy_run: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    for arguments in (
        ("sample", toy_run, "--n", 5, "--out", tmp_path / f"{name}.npz"),
        ("evaluate", toy_run, "--n", 20, "--json", tmp_path / f"{name}.json"),
    ):
        capsys.readouterr()
        assert gans(*arguments) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert one_line(name, 5000)[:50] in out.replace("\n", " ")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.npz", f"{name}.json"}


@pytest.mark.parametrize("name", [ODD, NO_TEXT])
def test_any_name_of_a_runs_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert gans(*TOY, "--steps", 1, "--out", tmp_path / name) == 0
    assert gans("train", "--resume", tmp_path / name, "--steps", 2) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It becomes a part of the run's folder, of pictures' titles, of tables and of config.json."""
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (70, 28, 28)).astype(np.uint8)
    data = idx_folder(tmp_path / name, images)
    train = ("train", "gan", "--data", data, "--batch-size", 4, "--steps", 1)
    if name == NO_TEXT:
        assert "bytes that are no UTF-8, which config.json cannot keep; rename" in failure(capsys, *train)
        assert [path.name for path in tmp_path.iterdir()] == [name]
        return
    assert gans(*train) == 0
    [run] = (tmp_path / "runs").iterdir()
    assert json.loads((run / "config.json").read_text("utf-8"))["data"] == str(data)
    assert gans("train", "--resume", run, "--steps", 2) == 0
    assert gans("sample", run, "--n", 2, "--out", "a.png") == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_every_terminal_shows_every_name(
    tmp_path: Path, toy_run: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    run = tmp_path / f"läuft {ODD} {NO_TEXT}"
    shutil.copytree(toy_run, run)
    for arguments in (
        ("sample", run, "--n", 3, "--out", tmp_path / f"{ODD} {NO_TEXT}.npz"),
        ("evaluate", run, "--n", 9),
        ("train", "--resume", run),
        ("list",),
    ):
        assert gans(*arguments) == 0
    assert gans("sample", tmp_path / f"{ODD} {NO_TEXT}", "--out", "a.npz") == 2
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)  # type: ignore[attr-defined]
    assert "3 samples of gan on ring after step 14" in out
    assert "no run there" in err
    assert [stream.errors for stream in streams] == ["strict", "strict"]


HUGE = ["9" * 400, "9" * 5000, str(10**30), "1" + "_0" * 30, "-" + "9" * 400]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize(
    "option",
    ["--epochs", "--steps", "--batch-size", "--critic-steps", "--latent", "--seed", "--checkpoint-every"],
)
def test_numbers_beyond_all_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, number: str
) -> None:
    told = failure(capsys, *TOY[:4], f"{option}={number}", "--out", tmp_path / "run")
    assert option in told
    assert len(told) < 200
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("number", ["9" * 400, "1e400", "-" + "1" * 400, "1e-400", "nan" * 500])
def test_rates_beyond_all_bounds(capsys: pytest.CaptureFixture[str], number: str) -> None:
    told = failure(capsys, "train", "gan", "--data", "ring", f"--lr={number}")
    assert "is not a number above 0" in told
    assert len(told) < 200


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train", "gan", "--data", "ring", "--batch-size", 10**8), "--batch-size must be at most 1,048,576"),
        (("train", "gan", "--data", "ring", "--latent", 60_000), "may have 752,6"),
        (
            ("train", "gan", "--data", "ring", "--epochs", 10**12, "--latent", 10**6),
            "--latent must be at most",
        ),
        (("train", "gan", "--data", "ring", "--epochs", 10**13), "--epochs: '10000000000000' is more than"),
        (("sample", "run", "--out", "a.npz", "--n", 10**30), "--n: '100000"),
        (("evaluate", "run", "--n", 10**30), "--n: '100000"),
        (("evaluate", "run", "--seed", 2**63), "--seed: '9223372036854775808' is more than"),
    ],
)
def test_numbers_that_no_training_has(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in failure(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "\x1b[31m" + "x" * 10**5 + "\n\udcff"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert len(line) <= 1_000


def test_a_full_device_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        status, _, err = finish(started("-m", "gans", "list", env=environment(), stdout=full))
    assert status == 2
    [line] = said(err)
    assert line.endswith("No space left on device")
