"""One task on all sides: their results are compared, then their times taken in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks import peers, table, timing
from benchmarks.rivals import rivals

Row = dict[str, Any]

JUDGES = ("numpy", "torch")
"""On the CPU the first of these sides has the results that all others must match."""


class Panel(NamedTuple):
    """The sides in their processes, and the one that all must match, which may be one of them."""

    sides: list[Any]
    judge: Any


@contextmanager
def panel(sides: Sequence[str], device: str = "cpu", tf32: bool = False, threads: int = 0) -> Iterator[Panel]:
    """The processes of the sides; a judge of its own, which is not timed, if none of them is a judge.

    A GPU's results must match minigrad's on the CPU.
    """
    judges = [side for side in JUDGES if side in sides and device == "cpu"]
    extra = [] if judges else ["numpy" if device == "cpu" else "minigrad"]
    with rivals(sides, device, tf32, threads) as started, rivals(extra) as others:
        by_name = {rival.name: rival for rival in started}
        yield Panel(started, by_name[judges[0]] if judges else others[0])


def measure(
    task: Any, panel: Panel, turns: int, agree: Callable[[str, dict[str, Any], dict[str, Any]], None]
) -> Row:
    """The fields of a row about time: medians by side, all turns, ratios to the first side.

    ``agree`` (side, its outcome, the expected one) raises Disagreement. ``left_out`` has the sides that do
    not offer the task, and why. Raises NotOffered if the first side is one of them.
    """
    outcomes: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for rival in panel.sides:
        try:
            outcomes[rival.name] = rival.open(task)
        except peers.NotOffered as error:
            left_out[rival.name] = str(error)
    first = panel.sides[0].name
    if first in left_out:
        raise peers.NotOffered(f"{first}: {left_out[first]}")
    among = any(panel.judge is rival for rival in panel.sides)
    expected = outcomes[panel.judge.name] if among else panel.judge.open(task)
    for side, outcome in outcomes.items():
        agree(side, outcome, expected)
    times = timing.in_turn([rival for rival in panel.sides if rival.name in outcomes], turns)
    return {
        "seconds": {side: statistics.median(own) for side, own in times.items()},
        "turns": times,
        "ratio": {
            side: timing.ratio(own, times[first])._asdict() for side, own in times.items() if side != first
        },
        "left_out": left_out,
        "expected": expected,
    }


def cells(row: Row, sides: Sequence[str]) -> list[str]:
    """A row's times of the sides, then the ratios of all but the first; a dash where one is left out."""
    times = [table.milliseconds(row["seconds"][side]) if side in row["seconds"] else "-" for side in sides]
    ratios = [
        table.with_spread(timing.Spread(**row["ratio"][side])) if side in row["ratio"] else "-"
        for side in sides[1:]
    ]
    return [*times, *ratios]


def columns(sides: Sequence[str]) -> list[str]:
    """The headings of these cells."""
    return ["ours", *sides[1:], *[f"{side} / ours" for side in sides[1:]]]


def reasons(rows: Sequence[Row]) -> list[str]:
    """A line for each side and reason for which it was left out of rows."""
    found = {(side, reason) for row in rows for side, reason in row["left_out"].items()}
    return [f"-: {side}: {reason}" for side, reason in sorted(found)]
