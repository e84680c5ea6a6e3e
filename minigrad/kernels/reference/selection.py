"""A choice between two arrays, element by element."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.reference.arrays import put
from minigrad.types import Array

__all__ = ["where"]


def where(condition: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x where the bool ``condition`` holds, else y, in the shape that the three have together."""
    return put("where", np.where(condition, x, y), out)
