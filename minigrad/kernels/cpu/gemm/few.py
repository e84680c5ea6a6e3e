"""Products with a few columns, which are vectors then, or with a few terms, which need no packing."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.bias import add_panels
from minigrad.kernels.cpu.gemm.operands import Finish, Matrix, PlainFinish
from minigrad.kernels.cpu.runtime.compiling import jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.product import DEPTH
from minigrad.kernels.cpu.tiles.registers import ROWS
from minigrad.kernels.cpu.tiles.shallow import multiply_shallow
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED
from minigrad.types import Array

BLOCK = 8  # rows that one iteration of ``dot_rows`` takes
CHUNK = 1 << 10  # and one of ``add_columns``
LONG = 1 << 11  # terms of a dot product that are summed in the arrays' dtype

Shape = tuple[int, int, int, int, int]
"""Rows, terms and columns of the product, and the two steps of its result in memory."""


@inner_jit
def _fill_vectors(y: Array, step: int, column: int, vectors: Array) -> None:
    """The columns of y as rows of their own: vectors[j, k] = y[k step + j column]."""
    for j in range(vectors.shape[0]):
        for k in range(vectors.shape[1]):
            vectors[j, k] = y[k * step + j * column]


@jit
def dot_rows(
    x: Array, y: Array, steps: tuple[int, int, int], shape: Shape, bias: Array, slope: float, z: Array
) -> None:
    """z[i, j] = sum over k of x[i, k] y[k, j], and leaky_relu(z[i, j] + bias[j]) if there is a bias.

    ``steps`` are x's from row to row, whose elements follow each other, and y's from row to row and from
    column to column.
    """
    rows, depth, columns, _, _ = shape
    x_row, y_row, y_column = steps
    vectors = np.empty((columns, depth), y.dtype)
    _fill_vectors(y, y_row, y_column, vectors)
    parallel_for((rows + BLOCK - 1) // BLOCK, _dot_block, x, x_row, vectors, bias, slope, z, shape)


@inner_jit
def _dot_block(
    block: int, x: Array, x_row: int, vectors: Array, bias: Array, slope: float, z: Array, shape: Shape
) -> None:
    """BLOCK rows of ``dot_rows``."""
    rows, depth, columns, z_row, z_column = shape
    factor = x.dtype.type(slope)
    for i in range(block * BLOCK, min(rows, block * BLOCK + BLOCK)):
        row = x[i * x_row : i * x_row + depth]
        for j in range(columns):
            vector, total = vectors[j], x.dtype.type(0)
            if depth <= LONG:
                for k in range(depth):
                    total += row[k] * vector[k]
            else:
                wide = 0.0
                for first in range(0, depth, LONG):
                    left, right = row[first : first + LONG], vector[first : first + LONG]
                    some = x.dtype.type(0)
                    for k in range(left.size):
                        some += left[k] * right[k]
                    wide += np.float64(some)
                total = x.dtype.type(wide)
            if bias.size:
                total += bias[j]
                low = factor * total if factor != 0 else factor
                total = low if total <= 0 else total
            z[i * z_row + j * z_column] = total


@jit
def add_columns(x: Array, y: Array, steps: tuple[int, int, int], shape: Shape, z: Array) -> None:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    ``steps`` are x's from column to column, whose elements follow each other, and y's as in ``dot_rows``.
    """
    rows, depth, columns, _, _ = shape
    x_column, y_row, y_column = steps
    vectors = np.empty((columns, depth), y.dtype)
    _fill_vectors(y, y_row, y_column, vectors)
    parallel_for((rows + CHUNK - 1) // CHUNK, _add_chunk, x, x_column, vectors, z, shape)


@inner_jit
def _add_chunk(chunk: int, x: Array, x_step: int, vectors: Array, z: Array, shape: Shape) -> None:
    """CHUNK rows of ``add_columns``."""
    rows, depth, columns, z_row, z_column = shape
    first, size = chunk * CHUNK, min(CHUNK, rows - chunk * CHUNK)
    own, sums = x[first:], np.zeros((columns, size), z.dtype)
    if depth <= DEPTH:
        _add_terms(own, x_step, vectors, 0, depth, sums)
        for j in range(columns):
            for i in range(size):
                z[(first + i) * z_row + j * z_column] = sums[j, i]
    else:
        wide = np.zeros((columns, size))
        for k in range(0, depth, DEPTH):
            _add_terms(own, x_step, vectors, k, min(k + DEPTH, depth), sums)
            _move(sums, wide)
        for j in range(columns):
            for i in range(size):
                z[(first + i) * z_row + j * z_column] = wide[j, i]


@inner_jit
def _add_terms(x: Array, x_step: int, vectors: Array, begin: int, end: int, sums: Array) -> None:
    """sums[j, i] += sum over k from begin to end of x[i + k x_step] vectors[j, k]."""
    columns, size = sums.shape
    fours = begin + (end - begin) // 4 * 4
    for k in range(begin, fours, 4):  # four at a time, to load and store the sums less often
        start = k * x_step
        k0, k1 = x[start:], x[start + x_step :]
        k2, k3 = x[start + 2 * x_step :], x[start + 3 * x_step :]
        for j in range(columns):
            total, v = sums[j], vectors[j, k : k + 4]
            for i in range(size):
                total[i] += v[0] * k0[i] + v[1] * k1[i] + v[2] * k2[i] + v[3] * k3[i]
    for k in range(fours, end):
        column = x[k * x_step :]
        for j in range(columns):
            total, factor = sums[j], vectors[j, k]
            for i in range(size):
                total[i] += factor * column[i]


@inner_jit
def _move(sums: Array, wide: Array) -> None:
    """wide[j, i] += sums[j, i], in float64; sums = 0."""
    for j in range(sums.shape[0]):
        for i in range(sums.shape[1]):
            wide[j, i] += np.float64(sums[j, i])
            sums[j, i] = 0


@jit
def multiply_few(
    x: Array,
    y: Array,
    steps: tuple[int, int, int, int],
    shape: tuple[int, int, int],
    shares: int,
    finish: PlainFinish,
    z: Array,
) -> None:
    """z = finish(x @ y) where x (m, k) has few columns and n is a multiple of the vector's width.

    ``steps`` are x's and y's from row to row and from column to column, ``shape`` is (m, k, n).
    """
    m, depth, n = shape
    way, _, bias, _, sums = finish
    totals = np.empty((m + ROWS - 1) // ROWS * n if way == GATED else 0, z.dtype)
    vectors = np.empty((1 + depth, n), y.dtype)
    for j in range(n):
        vectors[0, j] = bias[j] if way == ACTIVATED else 0
    _fill_vectors(y, steps[3], steps[2], vectors[1:])
    left = Matrix(x, steps[0], steps[1], m, depth)
    parallel_for(shares, _few_share, shares, left, vectors.reshape(-1), Finish(*finish), totals, z)
    add_panels(totals, sums)


@inner_jit
def _few_share(
    share: int, shares: int, x: Matrix, vectors: Array, finish: Finish, totals: Array, z: Array
) -> None:
    """A share of the panels of rows; ``vectors`` (1 + k, n) are the bias and the rows of y."""
    m, depth, n = x.rows, x.columns, z.size // x.rows
    panels, factor = (m + ROWS - 1) // ROWS, z.dtype.type(finish.slope)
    for p in range(share * panels // shares, (share + 1) * panels // shares):
        # (ROWS, k) @ (k, n) -> (ROWS, n); the last panel may begin in the one before it
        row = min(p * ROWS, m - ROWS)
        place, total = row * n, p * n
        multiply_shallow(
            x.memory, row * x.row_step, x.row_step, x.column_step, depth, vectors, n, z, place,
            finish.way, factor, finish.own, totals, total,
        )  # fmt: skip
        if finish.way == GATED and row < p * ROWS:
            for j in range(n):
                totals[total + j] = 0
            for i in range(p * ROWS, m):
                for j in range(n):
                    totals[total + j] += z[i * n + j]
