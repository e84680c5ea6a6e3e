"""A verdict: where the interval of an effect lies beside the claim's threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Literal, NamedTuple

from gans.study.board.claim import Effect

__all__ = ["Finding", "Verdict", "interval", "judge", "student"]

Verdict = Literal["supported", "refuted", "unclear"]

LEVEL = 0.95


class Finding(NamedTuple):
    """A verdict and the effect that it comes from: ``value`` with its 95% interval from ``low`` to ``high``.

    Of an exact effect the value is the largest error, and there is no interval.
    """

    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None


def judge(effect: Effect, values: Sequence[float]) -> Finding:
    """The verdict of ``values``, the effect of each seed.

    It is supported if the whole interval lies on the claim's side of the threshold, refuted if none of it
    does, else unclear. One seed has no interval, and is unclear unless the effect is exact.

    >>> better = Effect(name="gap", words="gap", at_least=0.5)
    >>> [judge(better, gaps).verdict for gaps in ([1.0, 1.1, 0.9], [0.1, 0.2, 0.1], [0.1, 1.2, 0.6])]
    ['supported', 'refuted', 'unclear']
    >>> judge(Effect(name="e", words="error", at_most=1e-6, exact=True), [1e-9, 1e-3])
    Finding(verdict='refuted', value=0.001, low=None, high=None)
    """
    if not values:
        return Finding("unclear")
    if effect.exact:
        worst = max(values)
        return Finding("supported" if _holds(effect, worst) else "refuted", worst)
    mean = fmean(values)
    if len(values) < 2:
        return Finding("unclear", mean)
    low, high = interval(values)
    sides = {_holds(effect, low), _holds(effect, high)}
    verdict: Verdict = "unclear" if len(sides) == 2 else "supported" if True in sides else "refuted"
    return Finding(verdict, mean, low, high)


def _holds(effect: Effect, value: float) -> bool:
    """Whether a value is on the claim's side of the threshold."""
    if effect.at_least is not None:
        return value >= effect.at_least
    assert effect.at_most is not None
    return value <= effect.at_most


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
