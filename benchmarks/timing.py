"""Fair timings of rival functions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

MOST = 60
"""Calls after which a median of fast ones is settled."""

REST = 0.04
"""Seconds between rivals: the threads of a BLAS spin for about 25 ms after a product, and slow the next."""


def medians(functions: Sequence[Callable[[], Any]], *, seconds: float = 0.5, least: int = 3) -> list[float]:
    """Median seconds per call of each function, in turn (A B A B): a busy moment meets them all.

    A turn is a rest, a call to wake the threads, and three calls that count. Goes round until the counted
    calls have taken ``seconds``, but at least ``least`` times.
    """
    times: list[list[float]] = [[] for _ in functions]
    while len(times[0]) < 3 * least or sum(map(sum, times)) < seconds:
        for function, own in zip(functions, times, strict=True):
            time.sleep(REST)
            function()
            for _ in range(3):
                start = time.perf_counter()
                function()
                own.append(time.perf_counter() - start)
        if len(times[0]) >= MOST:
            break
    return [statistics.median(own) for own in times]
