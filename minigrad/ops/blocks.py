"""Blocks of pixels: the sum of each, and one pixel for all of a block; each is the other's derivative."""

from __future__ import annotations

from minigrad.dispatch import kernels_of
from minigrad.op import op
from minigrad.types import Array

__all__: list[str] = []
INTERNAL = ["fill_blocks", "sum_blocks"]


@op(real=True)
def sum_blocks(x: Array, *, rows: int, columns: int, scale: float, out: Array | None = None) -> Array:
    """scale times the sum of each block of ``rows`` x ``columns`` pixels of x (..., h, w).

    y[..., i, j] = scale times the sum of x[..., i rows + a, j columns + b] over a < rows, b < columns: the
    mean of each block with a scale of 1 / (rows columns). Raises ValueError unless the sides divide.
    """
    return kernels_of(x).sum_blocks(x, rows, columns, scale, out=out)


@op(real=True)
def fill_blocks(x: Array, *, rows: int, columns: int, scale: float, out: Array | None = None) -> Array:
    """Each pixel of x (..., h, w), times scale, as a block of ``rows`` x ``columns`` equal pixels.

    y[..., i, j] = scale x[..., i // rows, j // columns]: the nearest pixel of an enlarged image.
    """
    return kernels_of(x).fill_blocks(x, rows, columns, scale, out=out)


sum_blocks.vjp(
    x=lambda g, y, x, *, rows, columns, scale: fill_blocks(g, rows=rows, columns=columns, scale=scale)
)
fill_blocks.vjp(
    x=lambda g, y, x, *, rows, columns, scale: sum_blocks(g, rows=rows, columns=columns, scale=scale)
)
