"""Student's interval of a mean, from a few values such as those of seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

__all__ = ["interval", "student"]

LEVEL = 0.95


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's 95% interval of the mean of at least two values: mean ± t s / sqrt(n).

    >>> [round(end, 4) for end in interval([1.0, 2.0, 3.0])]
    [-0.4841, 4.4841]
    """
    half = student(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - half, fmean(values) + half


def student(freedom: int) -> float:
    """The t within which 95% of Student's distribution of ``freedom`` degrees lies (Student 1908).

    >>> round(student(4), 3)
    2.776
    """
    low, high = 0.0, 1000.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < LEVEL else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """P(|T| < t), the finite sums of Abramowitz and Stegun 1964, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(freedom // 2):
        total += term
        term *= (2 * k + 2) / (2 * k + 3) * cosine**2 if odd else (2 * k + 1) / (2 * k + 2) * cosine**2
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
