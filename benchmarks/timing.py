"""Fair timings of rival functions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def medians(functions: Sequence[Callable[[], Any]], *, seconds: float = 0.5, least: int = 5) -> list[float]:
    """Median seconds per call of each function, called in turn (A B A B): a busy moment meets them all.

    After a warm-up call each, goes round until `seconds` have passed, but at least `least` times.
    """
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    end = time.perf_counter() + seconds
    while len(times[0]) < least or time.perf_counter() < end:
        for function, own in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]
