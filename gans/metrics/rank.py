"""Rank correlation: whether one curve follows another, whatever their scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, as_numbers


def ranks(values: ArrayLike) -> Float64Array:
    """Ranks 1..n of values (n,); equal values share the mean of their ranks."""
    numbers = as_numbers(values, "values")
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank = last - (counts - 1) / 2.0
    result: Float64Array = mean_rank[inverse]
    return result


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rho: Pearson's correlation of the ranks of x (n,) and y (n,); in [-1, 1] (Spearman 1904).

    Raises ValueError if the lengths differ, n < 2, or one of them is constant (rho is undefined).
    """
    a, b = as_numbers(x, "x", at_least=2), as_numbers(y, "y", at_least=2)
    if len(a) != len(b):
        raise ValueError(f"x has {len(a)} values and y has {len(b)}; they must be equal")
    first, second = ranks(a), ranks(b)
    first -= first.mean()
    second -= second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    if scale == 0.0:
        raise ValueError("the rank correlation of a constant sequence is undefined")
    return float(np.clip(first @ second / scale, -1.0, 1.0))
