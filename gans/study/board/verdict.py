"""A verdict: where the interval of an effect lies beside the claim's threshold."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Literal, NamedTuple

from gans.intervals import interval
from gans.study.board.claim import Effect

__all__ = ["Finding", "Verdict", "judge"]

Verdict = Literal["supported", "refuted", "unclear"]


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
