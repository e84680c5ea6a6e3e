"""The benchmarks' bookkeeping: timings in turn, results kept beside earlier ones."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest

from benchmarks import record
from benchmarks.__main__ import main
from benchmarks.timing import medians


def test_medians_call_rivals_in_turn() -> None:
    calls: list[str] = []

    def rival(name: str, seconds: float) -> None:
        calls.append(name)
        time.sleep(seconds)

    quick, slow = medians([lambda: rival("a", 0.01), lambda: rival("b", 0.05)], turns=2)
    assert [name for name, _ in itertools.groupby(calls)] == ["a", "b", "a", "b"]
    assert 0.01 <= quick < 0.05 <= slow


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
