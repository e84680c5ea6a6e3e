"""Fair timings of rival functions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

WARM = 0.2
"""Seconds of calls that do not count at the start of a turn: a BLAS's threads spin for more than 60 ms after
their last product and slow the next rival."""

COUNTED = 0.02
"""Seconds of calls that count in a turn; at least one call."""


def medians(functions: Sequence[Callable[[], Any]], *, turns: int = 5) -> list[float]:
    """Median seconds per call of each function, in turn (A B A B): a busy moment meets them all."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(turns):
        for function, own in zip(functions, times, strict=True):
            repeated(function, WARM)
            own += repeated(function, COUNTED)
    return [statistics.median(own) for own in times]


def repeated(function: Callable[[], Any], seconds: float) -> list[float]:
    """The times of calls one after the other that fill so many ``seconds``, at least one."""
    times: list[float] = []
    while not times or sum(times) < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times
