"""Blocks of pixels: the sum of each, and one pixel for all of a block."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_blocks
from minigrad.kernels.reference.arrays import put
from minigrad.types import Array

__all__ = ["fill_blocks", "sum_blocks"]


def sum_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale times the sum of x[..., i rows + a, j columns + b] over a < rows, b < columns.

    x (..., h, w) -> (..., h / rows, w / columns). ValueError unless the sides divide.
    """
    *batch, h, w = check_blocks("sum_blocks", x, rows, columns)
    blocks = x.reshape(*batch, h // rows, rows, w // columns, columns)
    return put("sum_blocks", x.dtype.type(scale) * blocks.sum(axis=(-3, -1)), out)


def fill_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale x[..., i // rows, j // columns]: the derivative of sum_blocks.

    x (..., h, w) -> (..., h rows, w columns).
    """
    check_blocks("fill_blocks", x)
    filled = np.repeat(np.repeat(x.dtype.type(scale) * x, rows, axis=-2), columns, axis=-1)
    return put("fill_blocks", filled, out)
