"""``gans sweep``: the table, what is left after a kill or a stop, divergence, and mistakes."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

import gans as library
from gans import evaluation, sweeps
from gans.errors import UserError
from gans.intervals import interval
from gans.jobs import JobExecutor
from gans.sweeps.job import SweepJob, result_in
from gans.trainer import RunFolder, batches
from minigrad import load
from tests.gans.commands import (
    assert_same_run,
    failure,
    finish,
    gans,
    line_count,
    records,
    said,
    start,
    wait_for,
    workers_of,
)
from tests.gans.fingerprints import drawing_fingerprints
from tests.states import flat

SMALL = ("--data", "ring", "--batch-size", 4, "--width", 4)
SHORT = (*SMALL, "--steps", 8)
RATES = "lr=1e-3,1e30,1e-2"
"""The second one diverges at the first step that computes with its weights."""


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures of 100 points, pictures that are not drawn, and a wide terminal, in this process."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setitem(evaluation.DEFAULTS, "points", 100)
    with drawing_fingerprints():
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rates and two seeds."""
    folder = tmp_path_factory.mktemp("sweep") / "sweep"
    with pytest.MonkeyPatch.context() as patch, drawing_fingerprints():
        patch.setitem(evaluation.DEFAULTS, "points", 100)
        assert gans("sweep", "gan", *SHORT, "--set", RATES, "--seeds", "0,1", "--out", folder) == 0
    return folder


def times(folder: Path) -> dict[str, int]:
    """When each file of the runs was written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("*seed=*/*")}


def test_each_run_has_a_folder_with_a_readable_name(done: Path) -> None:
    names = [f"lr={rate}_seed={seed}" for rate in ("0.001", "1e+30", "0.01") for seed in (0, 1)]
    assert sorted(path.name for path in done.iterdir() if path.is_dir()) == sorted(names)


def test_a_run_is_the_one_that_train_makes(done: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert gans("train", "gan", *SHORT, "--lr", "1e-2", "--seed", 1, "--out", out) == 0
    assert_same_run(done / "lr=0.01_seed=1", out)


def test_the_table_ranks_means_over_seeds(done: Path) -> None:
    sweep = sweeps.opened(done)
    assert sweep.figure == "wasserstein"
    measured = {
        rate: [library.evaluate(done / f"lr={rate}_seed={seed}", seed=seed)["wasserstein"] for seed in (0, 1)]
        for rate in (0.001, 0.01)
    }
    best, other, last = sweep.rows
    assert [row.settings["lr"] for row in (best, other)] == sorted(measured, key=lambda r: fmean(measured[r]))
    for row in (best, other):
        values = measured[row.settings["lr"]]
        assert list(row.values.values()) == values
        assert (row.mean, (row.low, row.high)) == (fmean(values), interval(values))
        assert (row.finished, row.diverged, row.left) == (2, 0, 0)
    assert (last.settings, last.mean, last.finished, last.diverged) == ({"lr": 1e30}, None, 0, 2)


def test_a_run_that_diverges_is_noted(done: Path) -> None:
    result = result_in(done / "lr=1e+30_seed=0")
    assert result is not None
    assert result.diverged.startswith("step ")
    assert "update)" in result.diverged
    assert result.figures == {}


def test_the_files_say_the_same(done: Path) -> None:
    lines = (done / "sweep.md").read_text("utf-8").splitlines()
    assert "| lr | wasserstein (lower) | 95% interval | seeds | minutes each |" in lines
    first = lines[lines.index("| --- | --- | --- | --- | --- |") + 1]
    best = sweeps.opened(done).rows[0]
    low_high = f"{best.low:.4g} to {best.high:.4g}"
    assert first.startswith(f"| {best.settings['lr']} | {best.mean:.4g} | {low_high} | 2 finished |")
    assert any(
        line.startswith("| 1e+30 | - | - | 2 diverged") or "0 finished, 2 diverged" in line for line in lines
    )
    with (done / "sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["finished", "finished", "diverged", "diverged"] + [
        "finished"
    ] * 2
    by_name = {row["run"]: row for row in rows}
    for seed, value in best.values.items():
        assert float(by_name[f"lr={best.settings['lr']}_seed={seed}"]["wasserstein"]) == value
    assert (done / "sweep.png").is_file()
    assert not (done / "curves.png").exists()


def test_the_same_command_trains_nothing_again(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = times(done)
    assert gans("sweep", "gan", *SHORT, "--set", RATES, "--seeds", "0,1", "--out", done) == 0
    assert "0 of 6 runs are left" in capsys.readouterr().out
    assert gans("sweep", "--resume", done) == 0
    assert times(done) == before


def test_more_seeds_and_another_grid_add_runs(done: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(done, folder)
    before = times(folder)
    assert gans("sweep", "gan", *SHORT, "--set", "lr=1e-2", "--seeds", "0-2", "--out", folder) == 0
    assert gans("sweep", "gan", *SHORT, "--set", "beta1=0", "--seeds", "0", "--out", folder) == 0
    after = times(folder)
    assert {name: after[name] for name in before} == before
    assert {Path(name).parent.name for name in after.keys() - before} == {
        "lr=0.01_seed=2",
        "beta1=0.0_seed=0",
    }
    points = [row.settings for row in sweeps.opened(folder).rows]
    assert {"lr": 0.001, "beta1": 0.0} in points  # the rate is that of the model
    assert {"lr": 0.01, "beta1": 0.5} in points


def test_another_figure_ranks(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("sweep", "--resume", done, "--figure", "coverage") == 0
    assert "coverage (higher)" in capsys.readouterr().out
    rows = sweeps.opened(done, "coverage").rows
    means = [row.mean for row in rows if row.mean is not None]
    assert means == sorted(means, reverse=True)
    sweeps.opened(done).write()


@pytest.mark.usefixtures("few_samples")
def test_evaluations_decide_where_there_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one, or with --keep-best the best one."""
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", 6)
    grid = ("--set", "lr=3e-2", "--epochs", 4, "--evaluate-every", 1)
    for name, more in (("last", ()), ("best", ("--keep-best", "wasserstein"))):
        assert gans("sweep", "gan", *SMALL, *grid, *more, "--out", tmp_path / name) == 0
    lines = library.load(tmp_path / "last" / "lr=0.03_seed=0").evaluations
    assert [line["step"] for line in lines] == [6, 12, 18, 24]
    last, best = (result_in(tmp_path / name / "lr=0.03_seed=0") for name in ("last", "best"))
    assert last is not None
    assert best is not None
    least = min(lines, key=lambda line: line["wasserstein"])
    assert least["step"] < 24, "the last one is the best one: take another rate"
    assert (last.step, last.figures["wasserstein"]) == (24, lines[-1]["wasserstein"])
    assert (best.step, best.figures["wasserstein"]) == (least["step"], least["wasserstein"])
    assert (tmp_path / "last" / "curves.png").is_file()


def test_kills_and_stops_lose_nothing(tmp_path: Path) -> None:
    """A process is killed and goes on; the command is stopped; then it does what is left, bit for bit."""
    long = (*SMALL, "--steps", 4_000, "--checkpoint-every", 50)
    sweep, whole = tmp_path / "sweep", tmp_path / "whole"
    command = start(tmp_path, "sweep", "gan", *long, "--jobs", 2, "--out", sweep)
    run = sweep / "seed=0"
    wait_for(lambda: line_count(run) > 200, command)
    [killed] = workers_of(command.pid)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: bool(set(workers_of(command.pid)) - {killed}), command)
    count = line_count(run)
    command.send_signal(signal.SIGTERM)
    status, out, err = finish(command)
    assert status == 128 + signal.SIGTERM
    assert out.count("its process was killed; it goes on from what it saved") == 1
    [last] = said(err)
    assert "stopped and saved; this command does what is left: python -m gans sweep --resume" in last
    assert result_in(run) is None
    assert not list(sweep.glob(".jobs-*"))
    assert line_count(run) >= count - 50
    assert gans("sweep", "--resume", sweep) == 0
    assert gans("train", "gan", *long, "--seed", 0, "--out", whole) == 0
    assert records(run) == records(whole)
    assert flat(load(run / "checkpoint.safetensors")) == flat(load(whole / "checkpoint.safetensors"))


def test_a_run_that_another_process_trains_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seed=0").mkdir()
    sweeps.planned({"model": "gan", "data": "ring", "steps": 2, "batch_size": 4}, {}, [0, 1], tmp_path / "s")
    (tmp_path / "s" / "seed=0").mkdir()
    with RunFolder(tmp_path / "s" / "seed=0").locked():
        assert gans("sweep", "--resume", tmp_path / "s") == 0
    out = capsys.readouterr().out
    assert "seed=0: another process is running it" in out
    assert "1 finished, 1 left" in out
    assert gans("sweep", "--resume", tmp_path / "s") == 0
    assert "2 finished" in capsys.readouterr().out


def test_a_sweep_runs_on_slurm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a process of submitit in the place of SLURM's."""
    pytest.importorskip("submitit")
    where = (
        "--executor",
        "slurm",
        "--executor-option",
        "cluster=local",
        "--executor-option",
        "timeout_min=5",
    )
    assert gans("sweep", "gan", *SHORT, *where, "--out", tmp_path / "s") == 0
    assert "seed=0: wasserstein" in capsys.readouterr().out
    assert gans("train", "gan", *SHORT, "--out", tmp_path / "run") == 0
    config, other = (library.load(path).config for path in (tmp_path / "s" / "seed=0", tmp_path / "run"))
    assert config == other


def test_a_folder_that_holds_another_run_is_refused(tmp_path: Path) -> None:
    options: dict[str, Any] = {"model": "gan", "data": "ring", "steps": 2, "batch_size": 4}
    job = SweepJob(tmp_path / "seed=0", {**options, "seed": 0})
    library.train(**{**options, "seed": 5}, out=job.folder, progress=False)
    with pytest.raises(UserError, match="holds another run than the sweep's; move it away"):
        job.carry_out(lambda: False, print)


@pytest.mark.parametrize("name", ["sweep.json", "lr=0.01_seed=0/result.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_file_is_one_line(
    done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    folder = tmp_path / "sweep"
    (folder / name).parent.mkdir(parents=True)
    shutil.copy(done / "sweep.json", folder)
    (folder / name).write_bytes(content)
    assert f"{Path(name).name}: damaged: " in failure(capsys, "sweep", "--resume", folder)


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("--set", "lrr=1"), "gan has no setting 'lrr'; did you mean 'lr'?"),
        (("--set", "features=1"), "gan has no setting --features; dcgan, "),
        (("--set", "lr=fast"), "--lr: 'fast' is not a number above 0"),
        (("--set", "lr=1e-3,"), "--lr: '' is not a number above 0"),
        (("--set", "lr"), "--set 'lr': expected NAME=VALUE,VALUE, such as lr=1e-4,2e-4"),
        (("--set", "lr=1e-3,0.001"), "--set lr: a value stands there twice"),
        (("--set", "lr=1", "--set", "lr=2"), "--set lr is given twice; put all of its values behind one"),
        (("--set", "lr=1", "--lr", 2), "--lr is given twice, for all runs and in --set"),
        (("--set", "seed=1"), "a seed is no setting of --set: give --seeds"),
        (("--set", "optimizer=adm"), "there is no --optimizer 'adm' (choose from adam, rmsprop, sgd)"),
        (("--set", "momentum=0.5"), "--momentum is a setting of SGD, and the --optimizer of gan is adam"),
        (("--seeds", "3-1"), "--seeds 3-1: expected the lower one first"),
        (("--seeds", "1,1"), "--seeds: a seed stands there twice"),
        (("--seeds", "few"), "--seeds 'few': expected seeds such as 0-9 or 0,3,7"),
        (("--seed", "1"), "unrecognized arguments: --seed 1; did you mean --seeds?"),
        (("--figure", "wassertein"), "is called 'wassertein'; did you mean 'wasserstein'?"),
        (("--executor", "moon"), "there is no --executor 'moon' (choose from local, slurm, dask)"),
        (("--executor-option", "x"), "--executor-option: 'x' is not NAME=VALUE"),
        (("--jobs", "0"), "--jobs: '0' is not an integer of at least 1"),
        (("--steps", "3", "--epochs", "3"), "--epochs: not allowed with argument --steps"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], refused: str
) -> None:
    assert refused in failure(capsys, "sweep", "gan", *SMALL, *arguments, "--out", tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_refused(
    done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = failure(capsys, "sweep", "gan", *SMALL, "--steps", 9, "--out", done)
    assert "has --steps 8, not 9; leave it so, or give another --out" in other
    (tmp_path / "notes.txt").touch()
    assert "holds notes.txt, and no sweep" in failure(capsys, "sweep", "gan", *SHORT, "--out", tmp_path)
    assert "no sweep there (sweep.json is missing)" in failure(capsys, "sweep", "--resume", tmp_path)
    assert "leave --lr out" in failure(capsys, "sweep", "--resume", done, "--lr", 1)
    assert "leave MODEL out" in failure(capsys, "sweep", "gan", "--resume", done)
    assert "which MODEL?" in failure(capsys, "sweep", "--set", "lr=1")


def test_a_config_gives_the_seed_that_is_not_given(done: Path, tmp_path: Path) -> None:
    config = done / "lr=0.01_seed=1" / "config.json"
    assert gans("sweep", "--config", config, "--set", "beta1=0,0.1", "--out", tmp_path / "s") == 0
    names = {path.name for path in (tmp_path / "s").iterdir() if path.is_dir()}
    assert names == {"beta1=0.0_seed=1", "beta1=0.1_seed=1"}


def test_the_python_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"data": "ring", "steps": 2, "batch_size": 4, "out": tmp_path / "s"}
    sweep = library.sweep("gan", grid={"lr": [1e-3, 1e-2]}, seeds=range(1), **options)
    assert capsys.readouterr().out.count(": wasserstein ") == 2
    assert repr(sweep) == "Sweep(gan on ring, 2 runs, by wasserstein)"
    page = sweep._repr_html_()
    assert page.count("<tr>") == 3
    assert "<img" in page
    assert library.sweep("gan", grid={"lr": [1e-3, 1e-2]}, **options, progress=False).rows == sweep.rows
    with pytest.raises(UserError, match="`grid` lr: expected a list of values, got"):
        library.sweep("gan", grid={"lr": []}, **options)
    with pytest.raises(UserError, match="load their own data: give `data` as a name or a path"):
        sweeps.planned({"model": "gan", "data": library.data.load("ring")}, {}, [0], tmp_path / "t")
    assert not (tmp_path / "t").exists()
    assert JobExecutor().is_here
