"""``gans study`` on claims without a real measurement: verdicts, more seeds, stops, processes, mistakes."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from gans.errors import UserError
from gans.jobs import StoppedError
from gans.study.board import Place, Trial, find, judge, names, study
from gans.study.board.results import read_document
from gans.study.board.running import measured
from tests.gans.commands import failure, finish, gans, start, wait_for
from tests.gans.study import tiny

FILE = Path(__file__).parent / "tiny.py"
TINY = f"{FILE}:TINY"


def seeds(out: Path) -> list[int]:
    return [trial.seed for trial in read_document(Place(out).json("tiny")).trials]


def test_a_claim_gets_its_seeds_a_verdict_a_picture_and_its_place_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("study", TINY, "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "tiny: supported; gap 1.1 [0.852, 1.35], needed ≥ 0.5" in printed
    document = read_document(Place(tmp_path).json("tiny"))
    assert document.effects == [1.0, 1.1, 1.2]
    assert document.trials[0].numbers["nothing"] is None
    assert document.trials[0].numbers["curve"] == [1.0, None]
    assert Place(tmp_path).picture("tiny").read_bytes().startswith(b"\x89PNG")
    text = Place(tmp_path).page.read_text("utf-8")
    assert "**supported** | gap: 1.1 [0.852, 1.35] | ≥ 0.5" in text
    assert "1 claims: 1 supported, 0 refuted, 0 unclear." in text


def test_more_seeds_keep_the_former_ones(tmp_path: Path) -> None:
    assert gans("study", TINY, "--out", tmp_path) == 0
    before = read_document(Place(tmp_path).json("tiny")).trials
    assert gans("study", TINY, "--out", tmp_path, "--seeds", 5, "--jobs", 2) == 0
    after = read_document(Place(tmp_path).json("tiny")).trials
    assert [trial.seed for trial in after] == [0, 1, 2, 3, 4]
    assert after[:3] == before


def test_the_verdict_is_that_of_the_numbers_in_the_file(tmp_path: Path) -> None:
    """Other numbers in the file are another verdict, and nothing else decides it."""
    assert study(TINY, out=tmp_path).verdict == "supported"
    path = Place(tmp_path).json("tiny")
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for trial, value in zip(content["trials"], (0.1, 0.2, 0.15), strict=True):
        trial["numbers"]["gap"] = value
    path.write_text(json.dumps(content), "utf-8")
    assert study(TINY, out=tmp_path).verdict == "refuted"
    assert "**refuted**" in Place(tmp_path).page.read_text("utf-8")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_study_goes_on_with_the_seeds_that_are_missing(tmp_path: Path, jobs: int) -> None:
    process = start(tmp_path, "study", TINY, "--out", tmp_path, "--jobs", jobs, TINY_SLOW="1")
    wait_for(Place(tmp_path).json("tiny").exists, process)
    process.send_signal(signal.SIGTERM)
    status, _, err = finish(process)
    assert status == 128 + signal.SIGTERM
    assert "the same command goes on with the other seeds: python -m gans study" in err
    assert "Traceback" not in err
    assert 1 not in seeds(tmp_path)
    assert gans("study", TINY, "--out", tmp_path) == 0
    assert seeds(tmp_path) == [0, 1, 2]


def test_a_quick_look_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("study", TINY, "--quick", "--out", tmp_path) == 0
    assert "tiny, cut short: gap 1, nothing -" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_list_has_every_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("study", "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in names())
    assert "not run" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("optimal",), "there is no claim 'optimal'; did you mean 'optimal-d'?"),
        (("optimal-d", "--all"), "--all: optimal-d is among all claims"),
        ((f"{FILE}:NONE",), "NONE"),
        (("--seeds", "0"), "not an integer of at least 1"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in failure(capsys, "study", *arguments, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Place(tmp_path).results.mkdir(parents=True)
    Place(tmp_path).json("tiny").write_text("{", "utf-8")
    assert "delete it and its seeds run again" in failure(capsys, "study", TINY, "--out", tmp_path)


def test_an_effect_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="no finite number 'gap'"):
        measured(tiny.BROKEN, Trial(0))


def test_a_trial_stops() -> None:
    with pytest.raises(StoppedError):
        Trial(0, stop=lambda: True).check()


def test_a_claim_that_is_not_there() -> None:
    with pytest.raises(UserError, match="there is no claim"):
        find("nothing-of-the-kind")
    assert judge(find("optimal-d").effect, [1.0]).verdict == "refuted"
