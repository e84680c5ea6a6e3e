"""A choice between two arrays, by CuPy's function: it is one kernel already."""

from __future__ import annotations

from minigrad.kernels.cuda.runtime.arrays import checked, output, xp_of
from minigrad.types import Array

__all__ = ["where"]


def where(condition: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x where the bool ``condition`` holds, else y, in the shape that the three have together.

    TypeError unless x and y are both float32 or both float64.
    """
    checked("where", x, y)
    chosen: Array = xp_of(condition).where(condition, x, y)
    if out is None:
        return chosen
    output("where", out, chosen.shape, chosen)[...] = chosen
    return out
