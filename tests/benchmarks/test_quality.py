"""The experiments of ``python -m benchmarks quality``, cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import record
from benchmarks.__main__ import main


@pytest.mark.slow
def test_digits_trains_by_the_command_line_and_keeps_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    assert main(["quality", "digits", "--seeds", "3", "--steps", "2"]) == 0
    kept = json.loads((tmp_path / "digits.json").read_text())
    assert kept["command"] == "python -m benchmarks quality digits --seeds 3 --steps 2"
    (run,) = kept["runs"]
    assert (run["seed"], run["step"], run["compared"]) == (3, 2, 1_000)
    assert run["fd"] > run["fd_floor"] > 0
    assert run["seconds"] > 0
