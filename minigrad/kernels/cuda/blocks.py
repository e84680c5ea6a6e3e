"""Blocks of pixels: the sum of each, and one pixel for all of a block."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_blocks
from minigrad.kernels.cuda.runtime.arrays import blocks_for, checked, contiguous, output
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

__all__ = ["fill_blocks", "sum_blocks"]

SOURCE = Source("blocks.cu")


def sum_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale times the sum of x[..., i rows + a, j columns + b] over a < rows, b < columns.

    x (..., h, w) -> (..., h / rows, w / columns). TypeError unless x is float32 or float64, ValueError unless
    the sides divide.
    """
    checked("sum_blocks", x)
    *batch, h, w = check_blocks("sum_blocks", x, rows, columns)
    y = output("sum_blocks", out, (*batch, h // rows, w // columns), x)
    return _launched("sum_blocks", x, w, rows, columns, scale, y)


def fill_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale x[..., i // rows, j // columns]: the derivative of sum_blocks.

    x (..., h, w) -> (..., h rows, w columns). TypeError unless x is float32 or float64.
    """
    checked("fill_blocks", x)
    *batch, h, w = check_blocks("fill_blocks", x)
    y = output("fill_blocks", out, (*batch, h * rows, w * columns), x)
    return _launched("fill_blocks", x, w * columns, rows, columns, scale, y)


def _launched(kernel: str, x: Array, width: int, rows: int, columns: int, scale: float, y: Array) -> Array:
    """``y``, filled by a kernel; ``width`` is the larger array's."""
    if y.size:
        sizes = (np.int64(size) for size in (width, rows, columns))
        end = x.dtype.type(scale), y, np.int64(y.size)
        SOURCE.launch(kernel, x.dtype, blocks_for(y.size), contiguous(x), *sizes, *end)
    return y
