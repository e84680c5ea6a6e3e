"""``python -m tests.gpu.mutants``: its table, its file and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gpu.mutants import Mutant, __main__

CAUGHT = Mutant("loss.cu", "a sum for a mean", "(T)(sum / size)", "(T)sum", by="loss.cu")
SOUND = Mutant("loss.cu", "no mistake", "log1p(", "log1p (", by="loss.cu")
GONE = Mutant("loss.cu", "gone", "no such text", "", by="loss.cu")


@pytest.fixture(autouse=True)
def three_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "MUTANTS", [CAUGHT, SOUND, GONE])


def test_a_row_says_in_each_mode_what_catches_the_mutant(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["for a mean"]) == 0
    head, row, last = capsys.readouterr().out.splitlines()
    assert head == "                           emulated           emulated, checked"
    assert row == "loss.cu: a sum for a mean  another result     another result"
    assert last.startswith("1 of 1 caught in ")


def test_a_survivor_is_exit_status_1_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mutants.json"
    assert __main__.main(["for a mean", "no mistake", "--out", str(out)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "not caught: loss.cu: no mistake"
    kept = json.loads(out.read_text("utf-8"))
    assert kept["mutants"] == 2
    assert kept["by"]["emulated"] == {"another result": 1, "not caught": 1}
    assert kept["rows"][SOUND.name] == {"emulated": "", "emulated, checked": ""}


def test_a_mutant_that_cannot_be_tried_is_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["gone"]) == 1
    assert capsys.readouterr().err.startswith("python -m tests.gpu.mutants: loss.cu: gone: expected")


def test_a_name_that_fits_no_mutant_is_exit_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["nonsense"])
    assert "no mutant's name has 'nonsense' in it" in capsys.readouterr().err
