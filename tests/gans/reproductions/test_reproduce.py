"""``gans reproduce`` on an experiment without a real training: kills, processes, more trials, the table."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from gans.jobs import StoppedError
from gans.reproductions import Place, Trial, page
from gans.reproductions.results import read_document
from tests.gans.commands import failure, finish, gans, said, start, wait_for, workers_of
from tests.gans.reproductions import tiny

FILE = Path(__file__).parent / "tiny.py"
TINY = f"{FILE}:TINY"


def reproduce(out: Path, *arguments: object, experiment: str = TINY) -> int:
    return gans("reproduce", experiment, "--out", out, *arguments)


def results(out: Path) -> dict[str, Any]:
    """The JSON without what a clock measured."""
    document: dict[str, Any] = json.loads(Place(out).json("tiny").read_text("utf-8"))
    for row in document["rows"]:
        for trial in row["trials"]:
            assert trial.pop("minutes") >= 0
            assert trial.pop("cpu_minutes") >= 0
            assert trial.pop("date")
    return document


def seeds(document: dict[str, Any]) -> dict[tuple[str, float], list[int]]:
    return {
        (row["row"], row["share"]): [trial["seed"] for trial in row["trials"]] for row in document["rows"]
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment run without a break."""
    out = tmp_path_factory.mktemp("whole")
    assert reproduce(out) == 0
    return out


def test_every_row_gets_its_trials(whole: Path) -> None:
    document = results(whole)
    assert seeds(document) == {("narrow", 1.0): [0, 1], ("wide", 1.0): [0, 1]}
    trials = [trial for row in document["rows"] for trial in row["trials"]]
    assert len({trial["figures"]["weight"] for trial in trials}) == 4
    assert all(trial["figures"]["nothing"] is None for trial in trials)
    assert all(trial["trace"]["step"] == list(range(1, 21)) for trial in trials)
    assert all(trial["processor"] and trial["cores"] for trial in trials)


def test_a_trial_that_is_done_leaves_no_training(whole: Path) -> None:
    folders = [path for path in Place(whole).trials("tiny").iterdir() if path.is_dir()]
    assert len(folders) == 4
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == {".lock", "result.json"}


def test_a_killed_experiment_goes_on(tmp_path: Path, whole: Path) -> None:
    process = start_slow(tmp_path, seed=1)
    saved = Place(tmp_path).trial("tiny", "narrow", 1.0, 1) / "training.safetensors"
    wait_for(saved.exists, process)
    process.send_signal(signal.SIGKILL)
    assert finish(process)[0] == -signal.SIGKILL
    assert saved.exists()
    assert seeds(results(tmp_path)) == {("narrow", 1.0): [0], ("wide", 1.0): [0]}
    assert reproduce(tmp_path) == 0
    assert results(tmp_path) == results(whole)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_experiment_saves_and_says_how_to_go_on(tmp_path: Path, whole: Path, jobs: int) -> None:
    process = start_slow(tmp_path, "--jobs", jobs, "--rows", "wide")
    folder = Place(tmp_path).trial("tiny", "wide", 1.0, 0)
    wait_for((folder / "training.safetensors").exists, process)
    process.send_signal(signal.SIGTERM)
    status, _, err = finish(process)
    assert status == 128 + signal.SIGTERM
    assert "stopped and saved; the same command goes on: python -m gans reproduce" in err
    assert "Traceback" not in err
    assert not (folder / "result.json").exists()
    assert reproduce(tmp_path) == 0
    assert results(tmp_path) == results(whole)


def start_slow(out: Path, *arguments: object, seed: int = 0) -> subprocess.Popen[str]:
    """A process in which the steps of trials with ``seed`` take long enough to be stopped in the middle."""
    return start(out, "reproduce", TINY, "--out", out, *arguments, TINY_SLOW=str(seed))


def test_two_processes_give_the_same(tmp_path: Path, whole: Path) -> None:
    status, out, err = finish(start(tmp_path, "reproduce", TINY, "--jobs", 2))
    assert (status, err) == (0, "")
    assert "4 of 4" in out
    assert results(tmp_path) == results(whole)


def test_slurm_gives_the_same(tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a process of submitit in the place of SLURM's."""
    pytest.importorskip("submitit")
    where = ("--executor", "slurm", "--executor-option", "cluster=local")
    assert reproduce(tmp_path, "--rows", "wide", "--trials", 1, *where) == 0
    assert "wide, seed 0: weight" in capsys.readouterr().out
    assert reproduce(tmp_path) == 0
    assert "3 of 3" in capsys.readouterr().out
    assert results(tmp_path) == results(whole)


def test_more_trials_keep_the_former_ones(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those whose folders are gone, as in a clone of the repository."""
    shutil.copytree(Place(whole).results, Place(tmp_path).results)
    before = Place(tmp_path).json("tiny").read_text("utf-8")
    assert reproduce(tmp_path) == 0
    assert "all of these trials are done" in capsys.readouterr().out
    assert Place(tmp_path).json("tiny").read_text("utf-8") == before
    assert reproduce(tmp_path, "--trials", 3) == 0
    assert "2 trials to run" in capsys.readouterr().out
    after = Place(tmp_path).json("tiny").read_text("utf-8")
    kept = [line.rstrip(",") for line in before.splitlines() if '"seed"' in line]
    assert len(kept) == 4
    assert all(line in after for line in kept)
    assert set(map(tuple, seeds(results(tmp_path)).values())) == {(0, 1, 2)}


def test_a_share_stands_beside_the_full_length(tmp_path: Path, whole: Path) -> None:
    shutil.copytree(Place(whole).results, Place(tmp_path).results)
    assert reproduce(tmp_path, "--share", 0.25, "--rows", "narrow", "--trials", 1) == 0
    document = results(tmp_path)
    assert seeds(document) == {("narrow", 1.0): [0, 1], ("narrow", 0.25): [0], ("wide", 1.0): [0, 1]}
    [scaled] = [row for row in document["rows"] if row["share"] == 0.25]
    [full] = [row for row in document["rows"] if (row["row"], row["share"]) == ("narrow", 1.0)]
    assert scaled["trials"][0]["trace"]["weight"] == full["trials"][0]["trace"]["weight"][:5]
    table = Place(tmp_path).table.read_text("utf-8")
    assert "| Narrow, **25% of the length** (5 of 20 steps) |" in table


def test_the_table(whole: Path) -> None:
    table = Place(whole).table.read_text("utf-8")
    assert table == page([read_document(Place(whole).json("tiny"))])
    lines = table.splitlines()
    at = lines.index("| row | weight, published | ours | nothing | trials | minutes each | CPU minutes |")
    first, second = lines[at + 2 : at + 4]
    values = [trial["figures"]["weight"] for trial in results(whole)["rows"][0]["trials"]]
    mean, error = sum(values) / 2, abs(values[0] - values[1]) / 2
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    assert cells[:5] == ["Narrow", "1.500 ± 0.250", f"{mean:.3f} ± {error:.3f}", "-", "2 of 2"]
    assert second.startswith("| Wide | - | ")
    assert "Nobody 2026. The sum of G's first weights." in table
    assert "Settings: batch 4." in table
    assert f"Measured by `python -m gans reproduce {TINY}`" in table


def test_results_without_the_time_of_the_processor_stay(tmp_path: Path, whole: Path) -> None:
    """Those of earlier versions: the column has a dash."""
    shutil.copytree(Place(whole).results, Place(tmp_path).results)
    path = Place(tmp_path).json("tiny")
    path.write_text(re.sub(r', "cpu_minutes": [0-9.]+', "", path.read_text("utf-8")), "utf-8")
    before = path.read_text("utf-8")
    assert "cpu_minutes" not in before
    assert reproduce(tmp_path) == 0
    assert path.read_text("utf-8") == before
    rows = [line for line in Place(tmp_path).table.read_text("utf-8").splitlines() if " 2 of 2 " in line]
    assert len(rows) == 2
    assert all(line.endswith(" | - |") for line in rows)


def test_waiting_takes_no_time_of_the_processor(tmp_path: Path) -> None:
    """Nor does it begin anew where a trial goes on."""
    first = Trial(tmp_path, 0)
    time.sleep(0.2)
    assert first.seconds >= 0.2 > first.cpu_seconds
    second = Trial(tmp_path, 0)
    second.goes_on_after(100.0, 10.0)
    assert second.seconds >= 100
    assert 10 <= second.cpu_seconds < 100


def test_a_stopped_trial_keeps_its_times(tmp_path: Path) -> None:
    stopping = Trial(tmp_path, 0, steps=20, settings={}, stop=lambda: True)
    stopping.goes_on_after(100.0, 10.0)
    with pytest.raises(StoppedError):
        tiny.run(3, stopping)
    again = Trial(tmp_path, 0, steps=20, settings={})
    tiny.run(3, again)
    assert again.seconds >= 100
    assert 10 <= again.cpu_seconds < 100


def test_a_trial_that_diverges_is_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce(tmp_path, experiment=f"{FILE}:FAILING") == 0
    assert "only, seed 0: diverged (step 3 (discriminator update): the loss is nan" in capsys.readouterr().out
    assert "| Only | - | 1 of 1, 1 diverged |" in Place(tmp_path).table.read_text("utf-8")
    assert reproduce(tmp_path, experiment=f"{FILE}:FAILING") == 0
    assert "all of these trials are done" in capsys.readouterr().out


def test_a_row_that_was_not_run_says_so(tmp_path: Path) -> None:
    assert reproduce(tmp_path, "--rows", "wide", "--trials", 1) == 0
    assert "| Narrow | 1.500 ± 0.250 | - | - | not run | - |" in Place(tmp_path).table.read_text("utf-8")


def test_results_of_other_settings_are_refused(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(Place(whole).results, Place(tmp_path).results)
    path = Place(tmp_path).json("tiny")
    path.write_text(path.read_text("utf-8").replace('"batch": 4', '"batch": 5'), "utf-8")
    refused = failure(capsys, "reproduce", TINY, "--out", tmp_path)
    assert "its trials of narrow have other settings than the present ones" in refused


def test_a_training_of_other_settings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = start_slow(tmp_path, "--rows", "wide")
    saved = Place(tmp_path).trial("tiny", "wide", 1.0, 0) / "training.safetensors"
    wait_for(saved.exists, process)
    process.kill()
    finish(process)
    other = tmp_path / "other.py"
    other.write_text(FILE.read_text("utf-8").replace('"batch": 4', '"batch": 5'), "utf-8")
    refused = failure(capsys, "reproduce", f"{other}:TINY", "--out", tmp_path, "--rows", "wide")
    assert "it was begun with other settings; delete the folder" in refused


@pytest.mark.parametrize("content", [b"", b"{", b'{"experiment": 3}', b"\xff"])
def test_a_damaged_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    Place(tmp_path).results.mkdir()
    Place(tmp_path).json("tiny").write_bytes(content)
    refused = failure(capsys, "reproduce", TINY, "--out", tmp_path)
    assert "tiny.json: damaged: " in refused
    assert "put back a copy" in refused


def test_a_killed_worker_goes_on(tmp_path: Path, whole: Path) -> None:
    process = start_slow(tmp_path, "--jobs", 2, "--rows", "wide", "--trials", 1)
    wait_for((Place(tmp_path).trial("tiny", "wide", 1.0, 0) / "training.safetensors").exists, process)
    [worker] = workers_of(process.pid)
    os.kill(worker, signal.SIGKILL)
    status, out, err = finish(process)
    assert (status, said(err)) == (0, [])
    assert "wide, seed 0: its process was killed; it goes on from what it saved" in out
    assert reproduce(tmp_path) == 0
    assert results(tmp_path) == results(whole)


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("tinny",), "there is no experiment 'tinny'"),
        ((TINY, "--rows", "narow"), "has no row 'narow'; did you mean 'narrow'? (it has narrow, wide)"),
        ((f"{FILE}:PAUSE",), "tiny.py:PAUSE: not a gans.reproductions.Experiment"),
        ((f"{FILE}:FAILING", "--share", "0.5"), "--share 0.5: Failing has no length of which a share"),
        ((TINY, "--share", "0.01"), "--share 0.01: 0 steps are too few to measure, expected 1 or more"),
        ((TINY, "--share", "0"), "--share: '0' is not a number above 0 and at most 1"),
        ((TINY, "--trials", "0"), "--trials: '0' is not an integer of at least 1"),
        ((TINY, "--executor", "slrum"), "there is no --executor 'slrum' (choose from local, slurm, dask)"),
        ((TINY, "--jobs", "none"), "--jobs: 'none' is not an integer of at least 1"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], refused: str
) -> None:
    assert refused in failure(capsys, "reproduce", *arguments, "--out", tmp_path)
    assert not list(tmp_path.iterdir())
