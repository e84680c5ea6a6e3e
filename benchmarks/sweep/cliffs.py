"""Cliffs: places where the cost grows much faster than the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks import timing

Row = dict[str, Any]

STEEP = 1.5
"""Times that the time may grow faster than the operations, from one value to the next, noise apart."""


class Cliff(NamedTuple):
    """From one value of an axis to the next, the growth of a side's time and of the operations."""

    side: str
    axis: str
    name: str
    before: int
    after: int
    time: float
    flops: float

    def __str__(self) -> str:
        change = f"{self.axis} {self.before} -> {self.after} takes {self.time:.1f} times as long"
        grown = "" if self.axis == "threads" else f" for {self.flops:.1f} times the operations"
        return f"{self.side}, {self.name}: {change}{grown}"


def cliffs(rows: Sequence[Row]) -> list[Cliff]:
    """All cliffs of a sweep: growth that the quartiles of both points allow at least."""
    found = []
    for axis, part in dict.fromkeys((row["axis"], row["part"]) for row in rows):
        line = sorted((r for r in rows if (r["axis"], r["part"]) == (axis, part)), key=lambda r: r["value"])
        for old, new in pairwise(line):
            for side in old["turns"].keys() & new["turns"].keys():
                grown = timing.spread(new["turns"][side]).low / timing.spread(old["turns"][side]).high
                flops = max(new["flops"] / old["flops"], 1.0)
                steep = 1.1 if axis == "threads" else STEEP
                if grown > steep * flops:
                    ratio = new["seconds"][side] / old["seconds"][side]
                    found.append(Cliff(side, axis, part, old["value"], new["value"], ratio, flops))
    return sorted(found, key=lambda cliff: -cliff.time / cliff.flops)
