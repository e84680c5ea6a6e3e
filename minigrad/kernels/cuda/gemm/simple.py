"""Matrix products by the simple tile: of every size and dtype."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.product.columns import ColumnSums
from minigrad.kernels.cuda.product.simple_tile import TILE, item_step, read, tiles
from minigrad.kernels.cuda.runtime.arrays import contiguous
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

SOURCE = Source("gemm/simple.cu", TILE=TILE)


def matmul(x: Array, y: Array, z: Array) -> None:
    """z = x @ y."""
    if z.size:
        (x, x_steps), (y, y_steps) = read(x), read(y)
        SOURCE.launch("matmul", z.dtype, tiles(*z.shape), x, *x_steps, y, *y_steps, z, *_sizes(x, z))


def stacked_matmul(x: Array, y: Array, z: Array) -> None:
    """z[s] = x[s] @ y[s]; x and y have one item for each of z's, or one for all."""
    (x, x_steps), (y, y_steps) = read(x), read(y)
    operands = x, np.int64(item_step(x)), *x_steps, y, np.int64(item_step(y)), *y_steps
    SOURCE.launch("stacked_matmul", z.dtype, len(z) * tiles(*z.shape[1:]), *operands, z, *_sizes(x, z))


def matmul_gate(x: Array, y: Array, own: Array, slope: float, z: Array, sums: ColumnSums) -> None:
    """z = x @ y where own > 0, slope * (x @ y) elsewhere, and the sums of its columns."""
    (x, x_steps), (y, y_steps) = read(x), read(y)
    epilogue = own, z.dtype.type(slope), z, *sums.arguments
    blocks = tiles(*z.shape)
    SOURCE.launch("matmul_gate", z.dtype, blocks, x, *x_steps, y, *y_steps, *epilogue, *_sizes(x, z))


def linear(x: Array, w: Array, b: Array, slope: float, y: Array) -> None:
    """y = leaky_relu(x @ w.T + b)."""
    if y.size:
        (x, x_steps), (w, w_steps) = read(x), read(w)
        epilogue = contiguous(b), y.dtype.type(slope), y
        SOURCE.launch("linear", y.dtype, tiles(*y.shape), x, *x_steps, w, *w_steps, *epilogue, *_sizes(x, y))


def _sizes(x: Array, z: Array) -> tuple[np.int64, np.int64, np.int64]:
    """The kernels' m, n and depth."""
    m, n = z.shape[-2:]
    return np.int64(m), np.int64(n), np.int64(x.shape[-1])
