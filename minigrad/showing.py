"""What a notebook shows of an array: what it is, how its numbers lie, and the numbers."""

from __future__ import annotations

from html import escape

import numpy as np

from minigrad.types import Array

__all__ = ["array_html"]


def array_html(array: Array, words: str) -> str:
    """HTML of a NumPy array under its description in ``words``.

    >>> array_html(np.array([1.0, 3.0]), "float64 (2,)")
    'float64 (2,), from 1 to 3, mean 2<pre>[1. 3.]</pre>'
    """
    return f"{escape(', '.join([words, *_statistics(array)]))}<pre>{escape(np.array2string(array))}</pre>"


def _statistics(array: Array) -> list[str]:
    """The range and the mean of the finite numbers, and how many are not finite."""
    if array.dtype == bool or array.size < 2:
        return []
    finite = array[np.isfinite(array)].astype(np.float64)
    others = array.size - finite.size
    found = (
        [f"from {finite.min():.4g} to {finite.max():.4g}", f"mean {finite.mean():.4g}"] if finite.size else []
    )
    return [*found, f"{others:,} not finite"] if others else found
