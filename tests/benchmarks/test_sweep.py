"""Sweeps: points, ceilings and cliffs, a record that is resumed, a picture; and the memory of a step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import memory, shapes, startup, workloads
from benchmarks.__main__ import main
from benchmarks.sweep import cli, points
from benchmarks.sweep.cliffs import cliffs

SMALL = ["sweep", "--layer", "conv 2->4 4x4 k3 p1", "--turns", "2", "--batch", "2"]


def row(value: int, seconds: float, flops: int, axis: str = "batch") -> dict[str, Any]:
    turns = [seconds * factor for factor in (0.99, 1.0, 1.01)]
    return {
        "axis": axis, "part": "forward", "value": value, "flops": flops,
        "seconds": {"minigrad": seconds}, "turns": {"minigrad": turns},
    }  # fmt: skip


def test_a_cliff_is_growth_beyond_the_arithmetic_s() -> None:
    rows = [row(1, 1.0, 10), row(4, 12.0, 40), row(2, 2.0, 20)]
    [cliff] = cliffs(rows)
    assert str(cliff) == (
        "minigrad, forward: batch 2 -> 4 takes 6.0 times as long for 2.0 times the operations"
    )
    assert cliffs([row(1, 1.0, 10), row(2, 2.9, 20)]) == []
    [slower] = cliffs([row(1, 1.0, 10, "threads"), row(2, 1.3, 10, "threads")])
    assert str(slower) == "minigrad, forward: threads 1 -> 2 takes 1.3 times as long"


def test_a_layer_s_points_change_one_thing_each() -> None:
    layer = shapes.parse("conv 64->128 14x14 k4 s2 p1")
    found = {
        axis: [(p.value, p.tasks[0].name) for p in points.of_layer(layer, [axis], 16)] for axis in points.AXES
    }
    assert [value for value, _ in found["batch"]] == list(points.BATCHES)
    assert (28, "conv 64->128, 28x28, k4 s2 p1: forward") in found["size"]
    assert (16, "conv 16->32, 14x14, k4 s2 p1: forward") in found["channels"]
    assert [value for value, _ in found["threads"]] == points.numbers_of_threads()
    assert list(points.of_layer(shapes.parse("linear 3->2"), ["size"], 1)) == []


def test_a_step_s_points_change_one_thing_each() -> None:
    found = [(p.axis, p.value, p.tasks[0].name) for p in points.of_step("dcgan", points.AXES, 16)]
    assert ("size", 128, "dcgan 128x128x3 batch 16") in found
    assert ("channels", 32, "dcgan 28x28x1 32 features batch 16") in found
    assert {axis for axis, *_ in found} == set(points.AXES)
    assert {p.axis for p in points.of_step("toy", points.AXES, 16)} == {"batch", "threads"}


def test_a_step_s_floor_counts_its_products_and_adam() -> None:
    flops, moved = points.floor_of(workloads.step("toy", 4), None)
    weights = (2 * 128 + 128 * 128 + 128 * 2 + 128 + 128 + 2) + (2 * 128 + 128 * 128 + 128 + 128 + 128 + 1)
    assert moved == 7 * 4 * weights
    assert flops > 2 * 4 * weights


@pytest.mark.usefixtures("quick")
def test_a_sweep_that_was_stopped_does_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, picture = tmp_path / "sweep.json", tmp_path / "sweep.png"
    monkeypatch.setattr(points, "BATCHES", (1, 2))
    typed = [*SMALL, "--axes", "batch", "threads", "--json", str(path)]
    measured: list[str] = []
    row_of = cli.row_of

    def stopped(point: Any, task: Any, *rest: Any) -> Any:
        if len(measured) == 4:
            raise KeyboardInterrupt
        measured.append(task.name)
        return row_of(point, task, *rest)

    monkeypatch.setattr(cli, "row_of", stopped)
    with pytest.raises(KeyboardInterrupt):
        main(typed)
    assert len(json.loads(path.read_text())["rows"]) == 4
    measured.clear()
    monkeypatch.setattr(cli, "row_of", lambda *given: measured.append("") or row_of(*given))
    assert main([*typed, "--picture", str(picture)]) == 0
    record = json.loads(path.read_text())
    assert len(record["rows"]) == 4 + len(measured) == 3 * (2 + len(points.numbers_of_threads()))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "ms against threads" in capsys.readouterr().out
    assert main([*SMALL, "--axes", "size", "--json", str(path)]) == 2
    assert "it holds something else than this sweep" in capsys.readouterr().err


def test_the_memory_of_a_step_is_that_beyond_the_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, ...]] = []

    def probe(side: str, name: str, count: int, *place: str) -> startup.Probe:
        asked.append((name, *place))
        return startup.Probe(1.0, 300 << 20, 100 << 20)

    monkeypatch.setattr(memory, "probe", probe)
    path = tmp_path / "memory.json"
    assert main(["memory", "--json", str(path)]) == 0
    assert asked == [("dcgan", "4096", "28x28x1"), ("dcgan", "16", "128x128x3"), ("wide", "64")]
    assert json.loads(path.read_text())["rows"][0]["grown_bytes"] == {"minigrad": 100 << 20}
    assert "100" in capsys.readouterr().out
