"""The benchmark of the door of traces: what it takes out changes no number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from benchmarks import observation
from benchmarks.__main__ import main
from minigrad import autograd, nn
from minigrad.op import Op


def losses(number: int = 3) -> list[list[float]]:
    step = observation.steps("toy")
    return [[float(loss) for loss in step()] for _ in range(number)]


def test_without_the_door_the_numbers_are_the_same_and_nothing_is_traced() -> None:
    before = Op.__call__, nn.Module.__call__, autograd.grad, mg.grad
    with observation.without_door():
        found = losses()
        assert mg.trace(lambda: mg.ones((2,)) * 2.0).calls == []
    assert found == losses()
    assert (Op.__call__, nn.Module.__call__, autograd.grad, mg.grad) == before


def test_a_door_that_has_moved_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation, "DOORS", ((Op, "__call__", (("        no such line\n", ""),)),))
    with pytest.raises(LookupError, match=r"Op\.__call__ has no lines"), observation.without_door():
        pass


def test_the_command_gives_times_and_ratios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.timing.WARM", 0.0)
    monkeypatch.setattr("benchmarks.timing.COUNTED", 0.0)
    path = tmp_path / "observation.json"
    assert main(["observation", "--only", "toy", "--turns", "3", "--json", str(path)]) == 0
    [row] = json.loads(path.read_text())["rows"]
    assert set(row["seconds"]) == set(observation.KINDS)
    assert row["trace"]["median"] > 1
    assert "toy GAN" in capsys.readouterr().out


def test_every_kind_takes_steps() -> None:
    kinds: list[Any] = []
    for captured in (False, True):
        step = observation.steps("toy", captured=captured)
        kinds.append([[float(loss) for loss in step()] for _ in range(4)])
    assert kinds[0] == kinds[1]
