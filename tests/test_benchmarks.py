"""The benchmarks' bookkeeping: timings in turn, results kept beside earlier ones."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from benchmarks import record
from benchmarks.__main__ import main
from benchmarks.timing import medians


def test_medians_call_rivals_in_turn() -> None:
    calls: list[str] = []
    quick, slow = medians(
        [lambda: calls.append("a"), lambda: (calls.append("b"), time.sleep(0.01))], seconds=0.05
    )
    assert "".join(calls[:8]) == "aaaabbbb"
    assert 0 < quick < 0.01 <= slow


def test_a_run_takes_the_place_of_an_earlier_one_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    for run in ({"seed": 1, "modes": 7}, {"seed": 0, "modes": 8}, {"seed": 1, "modes": 6}):
        record.keep("ring", "the command", "8 modes", run, ("seed",))
    kept = json.loads((tmp_path / "results" / "ring.json").read_text())
    assert kept["runs"] == [{"seed": 0, "modes": 8}, {"seed": 1, "modes": 6}]
    assert kept["command"] == "the command"
    assert {"machine", "versions", "date", "wanted"} <= set(kept)


def test_an_unknown_experiment_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["quality", "rings"])
    assert stop.value.code == 2
    assert "ring" in capsys.readouterr().err
