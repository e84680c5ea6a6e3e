"""Fair timings of rivals: in turn A B A B, each turn warmed, and ratios with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

WARM = 0.12
"""Seconds of calls at the start of a turn that do not count: a BLAS's threads spin for more than 60 ms after
their last product and slow the next rival, even in another process."""

COUNTED = 0.03
"""Seconds of calls that count in a turn; at least one call."""

TURNS = 5


class Rival(Protocol):
    """A rival, which is timed in turn with others."""

    name: str

    def turn(self, warm: float, counted: float) -> list[float]:
        """Calls for ``warm`` seconds, then the seconds of each call for ``counted`` more."""


class Spread(NamedTuple):
    """A median and its quartiles."""

    median: float
    low: float
    high: float


def in_turn(rivals: Sequence[Rival], turns: int = TURNS) -> dict[str, list[float]]:
    """By rival, the median seconds per call in each of its turns; a busy moment meets them all."""
    times: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for _ in range(turns):
        for rival in rivals:
            times[rival.name].append(statistics.median(rival.turn(WARM, COUNTED)))
    return times


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times longer they took: the median over the turns, and the quartiles."""
    return spread([b / a for a, b in zip(ours, theirs, strict=True)])


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles; of one value, that value."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def take_turn(function: Callable[[], Any], warm: float, counted: float) -> list[float]:
    """A rival's turn."""
    repeated(function, warm)
    return repeated(function, counted)


def repeated(function: Callable[[], Any], seconds: float) -> list[float]:
    """The times of successive calls, at least one, that take ``seconds`` together."""
    times: list[float] = []
    while not times or sum(times) < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times
