"""Statistics: what a trace keeps of an array's numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.devices import to_device
from minigrad.types import Array

__all__ = ["Statistics", "statistics_of"]

SATURATED = 0.99
"""Where a bounded activation counts as saturated: its slope is below a twentieth of its largest."""


class Statistics(NamedTuple):
    """Of the finite numbers of an array: ``low``, ``high``, ``mean``, ``std`` and the Euclidean ``norm``.

    ``zeros`` is the share of exact zeros, ``saturated`` that of numbers where an activation passes little or
    no gradient on, None for other ops. ``wrong`` counts NaN and infinities.
    """

    low: float
    high: float
    mean: float
    std: float
    norm: float
    zeros: float
    saturated: float | None
    wrong: int

    def __str__(self) -> str:
        words = f"{self.low:.4g} to {self.high:.4g}, mean {self.mean:.4g}, norm {self.norm:.4g}"
        if self.zeros:
            words += f", {self.zeros:.1%} zeros"
        if self.saturated:
            words += f", {self.saturated:.1%} saturated"
        return words + (f", {self.wrong} not finite" if self.wrong else "")


def statistics_of(array: Array, op: str = "", params: Any = None) -> Statistics:
    """The statistics of an array that the op of that name made.

    >>> import numpy as np
    >>> s = statistics_of(np.array([0.0, 3.0, -4.0]))
    >>> s.norm, round(s.zeros, 2), s.saturated
    (5.0, 0.33, None)
    >>> round(statistics_of(np.array([0.0, 3.0, -4.0]), "leaky_relu").saturated, 2)
    0.67
    """
    numbers = to_device(array, "cpu").astype(np.float64).ravel()
    right = np.isfinite(numbers)
    wrong = int(numbers.size - np.count_nonzero(right))
    saturated = _saturated(numbers, op, params or {})
    finite = numbers[right] if wrong else numbers
    if not finite.size:
        return Statistics(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, saturated, wrong)
    return Statistics(
        float(finite.min()),
        float(finite.max()),
        float(finite.mean()),
        float(finite.std()),
        float(np.sqrt(finite @ finite)),
        float(1.0 - np.count_nonzero(finite) / finite.size),
        saturated,
        wrong,
    )


def _saturated(y: Array, op: str, params: Any) -> float | None:
    """The share of an activation's outputs in its flat part, or below 0 for one that is flat there."""
    if not y.size:
        return None
    if op == "tanh":
        return float(np.mean(np.abs(y) > SATURATED))
    if op == "sigmoid":
        return float(np.mean(np.abs(y - 0.5) > SATURATED / 2))
    rectifies = "leaky_relu" in op or params.get("slope", 1.0) != 1.0
    return float(np.mean(y <= 0)) if rectifies and "grad" not in op else None
