"""Ranks start together, stop together and fail together: nothing hangs, one line says why."""

from __future__ import annotations

import signal
import subprocess
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad.distributed import mpi
from tests.gans.commands import TOY, failure, gans, records, said
from tests.gans.ranks.faulty import FAULTY
from tests.processes import ROOT
from tests.ranks import needs_mpi, on_ranks
from tests.states import flat

pytestmark = [needs_mpi, pytest.mark.mpi]

PACKS = ("train", "pacgan", "--data", "ring", "--batch-size", 12, "--pack", 4)

SECONDS = 30
"""In which all ranks end after a fault, on a busy machine; none ends so soon that waits for a lost one."""


def train(run: Path, *arguments: object, ranks: int = 2) -> subprocess.CompletedProcess[str]:
    """``gans train`` on ranks."""
    return on_ranks(ranks, "-m", "gans", *arguments, "--out", run, cwd=ROOT)


def faulty(run: Path, fault: str, *arguments: object) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A training whose last rank has the fault, ended in time; and what it says on standard error."""
    moment = run.with_suffix(".moment")
    ended = on_ranks(
        2, "-m", "tests.gans.ranks.faulty", fault, moment, *arguments, "--out", run, cwd=ROOT, seconds=120
    )
    if moment.exists():
        assert time.time() - float(moment.read_text()) < SECONDS
    return ended, [line for line in said(ended.stderr) if line.startswith("gans: ")]


def checkpoint(run: Path) -> Any:
    return mg.load(run / "checkpoint.safetensors")


def test_a_run_is_one_run(tmp_path: Path) -> None:
    """One folder, written once, with the numbers of one process."""
    ended = train(tmp_path / "two", *TOY, "--steps", 12)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("finished: ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["two"]
    assert gans(*TOY, "--steps", 12, "--out", tmp_path / "one") == 0
    alone, together = records(tmp_path / "one"), records(tmp_path / "two")
    assert [line["step"] for line in together] == list(range(1, 13))
    for one, two in zip(alone, together, strict=True):
        assert two == pytest.approx(one, rel=1e-4)


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_checkpoint_does_not_depend_on_the_number_of_ranks(before: int, after: int, tmp_path: Path) -> None:
    """Saved by some and resumed by others, it is the run of one process."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    assert gans(*TOY, "--steps", 16, "--out", whole) == 0
    if before == 1:
        assert gans(*TOY, "--steps", 8, "--out", run) == 0
    else:
        assert train(run, *TOY, "--steps", 8).returncode == 0
    if after == 1:
        assert gans("train", "--resume", run, "--steps", 16) == 0
    else:
        ended = on_ranks(2, "-m", "gans", "train", "--resume", run, "--steps", 16, cwd=ROOT)
        assert ended.returncode == 0, ended.stderr
    for one, two in zip(records(whole), records(run), strict=True):
        assert two == pytest.approx(one, rel=1e-4)
    state, expected = flat(checkpoint(run)), flat(checkpoint(whole))
    assert state.keys() == expected.keys()
    randomness = [name for name in state if ".random." in name]
    assert randomness
    assert [state[name] for name in randomness] == [expected[name] for name in randomness]


def test_a_nan_of_one_rank_ends_all_with_its_name(tmp_path: Path) -> None:
    ended, lines = faulty(tmp_path / "run", "nan", *TOY, "--steps", 50, "--checkpoint-every", 1)
    assert ended.returncode == 2
    assert len(lines) == 1
    assert f"step {FAULTY + 1} (discriminator update): rank 1: " in lines[0]
    assert checkpoint(tmp_path / "run")["step"] == FAULTY


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("bug", 1, "gans: error: rank 1: a fault of this rank alone"),
        ("disk", 2, "gans: error: rank 1: data.npy: No space left on device"),
    ],
)
def test_an_error_of_one_rank_ends_all(fault: str, status: int, text: str, tmp_path: Path) -> None:
    ended, lines = faulty(tmp_path / "run", fault, *TOY, "--steps", 50, "--checkpoint-every", 1)
    assert ended.returncode == status
    assert lines == [text]
    assert ("Traceback" in ended.stderr) == (status == 1)
    assert checkpoint(tmp_path / "run")["step"] == FAULTY


def test_a_lost_rank_ends_all(tmp_path: Path) -> None:
    """The launcher sees to it; the last checkpoint is whole."""
    ended, _ = faulty(tmp_path / "run", "killed", *TOY, "--steps", 5_000, "--checkpoint-every", 1)
    assert ended.returncode != 0
    assert checkpoint(tmp_path / "run")["step"] == FAULTY


def test_a_signal_to_one_rank_stops_all_after_the_step(tmp_path: Path) -> None:
    ended, lines = faulty(tmp_path / "run", "terminated", *TOY, "--steps", 5_000)
    assert ended.returncode == 128 + signal.SIGTERM
    assert lines == []
    assert f"stopped after step {FAULTY + 1} of 5,000 and saved" in ended.stderr
    assert checkpoint(tmp_path / "run")["step"] == FAULTY + 1


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("--lr 0.25", "rank 1 has another lr than rank 0, 0.25 and not 0.001"),
        ("--seed 3", "rank 1 has another seed than rank 0, 3 and not 0"),
        ("--lrr 0.25", "rank 1: unrecognized arguments: --lrr 0.25; did you mean --lr?"),
        ("--help", "rank 1: it ended before the training began"),
        ("unreadable", "rank 1: images.gz: the file is cut short"),
    ],
)
def test_ranks_that_differ_do_not_begin(fault: str, text: str, tmp_path: Path) -> None:
    ended, lines = faulty(tmp_path / "run", fault, *TOY, "--steps", 5)
    assert ended.returncode == 2
    assert len(lines) == 1
    assert lines[0].startswith(f"gans: error: {text}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((*TOY, "--batch-size", 7), "a batch of 7 does not divide among 2 ranks; take a --batch-size of 6"),
        (PACKS, "on each of 2 ranks, --batch-size 6 is no multiple of --pack 4: D judges packs of 4 samples"),
        (("train", "--resume", "nothing"), "nothing: no run there"),
        (("list",), "several processes can only train"),
    ],
)  # fmt: skip
def test_what_no_rank_can_do_is_one_line(arguments: tuple[object, ...], text: str, tmp_path: Path) -> None:
    ended = on_ranks(2, "-m", "gans", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    [line] = said(ended.stderr)
    assert line.startswith(f"gans: error: {text}")
    assert ended.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_has_the_variables_of_all_launchers() -> None:
    """It has a copy, since --help does not wait for minigrad."""
    assert import_module("gans.cli.main").LAUNCHERS == mpi.LAUNCHERS


def test_a_launcher_without_mpi4py_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gans.trainer import ranks

    ranks._world.cache_clear()
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setitem(__import__("sys").modules, "mpi4py", None)
    line = failure(capsys, *TOY, "--out", tmp_path / "run")
    assert "pip install mpi4py mpich" in line
    assert list(tmp_path.iterdir()) == []
