"""The matrix product on the CPU: panels of rows times panels of columns, tile by tile.

Rows are packed; columns are read where they lie if a row of them is contiguous, and packed otherwise. Each
thread packs what it needs itself: small products end before a second start of the threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels import output
from minigrad.kernels.cpu.compiling import SMALL, Array, alone, checked, jit, launch, workspace
from minigrad.kernels.cpu.inner import inner_jit
from minigrad.kernels.cpu.parallel import parallel_for
from minigrad.kernels.cpu.tile import (
    DEPTH,
    ROWS,
    TILE,
    WIDTH,
    multiply_tile,
    pack_rows,
    packed_size,
    transpose,
)

FEW = (
    1 << 18
)  # multiplications up to which NumPy's product, on one thread, is done before the panels are packed
PACKING = 40  # multiplications that take as long as to move an element while packing
CHUNK = 1 << 10  # rows or columns of a matrix times a vector that one iteration owns

NOWHERE = np.zeros(1, np.int64)  # the one shift of a product whose steps are even


class Matrix(NamedTuple):
    """A matrix in flat memory: element (i, j) lies at i row_step + j column_step."""

    memory: Array
    row_step: int
    column_step: int
    rows: int
    columns: int


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in `out` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n = x.shape, y.shape[1]
    z = output("matmul", out, (m, n), x.dtype)
    work = m * depth * n
    if depth == 1 and work:
        np.multiply(x, y, out=z)
    elif work <= FEW:
        np.matmul(x, y, out=z)
    elif n == 1:
        _times_vector(_matrix(x), y, z, work)
    elif m == 1:
        _times_vector(_matrix(y.T), x, z, work)
    else:
        _times_matrix(_matrix(x), _matrix(y), z, work)
    return z


def _matrix(a: Array) -> Matrix:
    flags = a.flags
    if not flags.forc or not flags.aligned or not flags.writeable:
        a = np.array(a, order="C")
        flags = a.flags
    rows, columns = a.shape
    if flags.c_contiguous:
        return Matrix(a.reshape(-1), columns, 1, rows, columns)
    return Matrix(a.T.reshape(-1), 1, rows, rows, columns)


def _times_vector(a: Matrix, v: Array, z: Array, work: int) -> None:
    vector = np.ascontiguousarray(v).reshape(-1)
    with launch(SMALL if work >= SMALL // 8 else work):  # memory bounds it: threads pay sooner
        if a.column_step == 1:
            _dot_rows(a, vector, z.reshape(-1))
        else:
            _add_columns(a, vector, z.reshape(-1))


@jit
def _dot_rows(a: Matrix, v: Array, z: Array) -> None:
    """z[i] = sum over k of a[i, k] v[k], the rows contiguous."""
    parallel_for((a.rows + 7) // 8, _dot_few_rows, a, v, z)


@inner_jit
def _dot_few_rows(chunk: int, a: Matrix, v: Array, z: Array) -> None:
    for i in range(chunk * 8, min(a.rows, chunk * 8 + 8)):
        row = a.memory[i * a.row_step : i * a.row_step + a.columns]
        total = v.dtype.type(0)
        for k in range(a.columns):
            total += row[k] * v[k]
        z[i] = total


@jit
def _add_columns(a: Matrix, v: Array, z: Array) -> None:
    """z[i] = sum over k of a[i, k] v[k], the columns contiguous."""
    parallel_for((a.rows + CHUNK - 1) // CHUNK, _add_column_chunk, a, v, z)


@inner_jit
def _add_column_chunk(chunk: int, a: Matrix, v: Array, z: Array) -> None:
    first, last = chunk * CHUNK, min(a.rows, (chunk + 1) * CHUNK)
    result = z[first:last]
    result[:] = 0
    even = a.columns // 4 * 4
    for k in range(0, even, 4):  # four at a time, to load and store the sums less often
        start, step = k * a.column_step + first, a.column_step
        k0, k1 = a.memory[start:], a.memory[start + step :]
        k2, k3 = a.memory[start + 2 * step :], a.memory[start + 3 * step :]
        v0, v1, v2, v3 = v[k], v[k + 1], v[k + 2], v[k + 3]
        for i in range(last - first):
            result[i] += v0 * k0[i] + v1 * k1[i] + v2 * k2[i] + v3 * k3[i]
    for k in range(even, a.columns):
        column = a.memory[k * a.column_step + first :]
        for i in range(last - first):
            result[i] += v[k] * column[i]


def _times_matrix(x: Matrix, y: Matrix, z: Array, work: int) -> None:
    lanes = TILE.lanes(z.itemsize)
    panels, columns = -(-x.rows // ROWS), -(-y.columns // lanes)
    size = packed_size(x.columns, lanes)
    spare = (DEPTH + ROWS) * lanes
    if work < SMALL:
        with alone():
            (scratch,) = workspace.take(z.dtype, panels * size + spare)
            _multiply(x, y, scratch.reshape(1, -1), 1, size, lanes, NOWHERE, z.reshape(-1))
        return
    with launch(work) as allowed:
        by_rows, by_columns = min(allowed, panels), min(allowed, columns)
        if _cost(x, y, panels, columns, lanes, by_rows, 1) <= _cost(
            x, y, panels, columns, lanes, 1, by_columns
        ):
            by_columns = 1
        else:
            by_rows = 1
        own = -(-panels // by_rows) * size + spare
        (scratch,) = workspace.take(z.dtype, by_rows * by_columns * own)
        _multiply(x, y, scratch.reshape(-1, own), by_columns, size, lanes, NOWHERE, z.reshape(-1))


def _cost(x: Matrix, y: Matrix, panels: int, columns: int, lanes: int, by_rows: int, by_columns: int) -> int:
    """About the multiplications' time of the busiest worker, what it packs included."""
    m, n = -(-panels // by_rows) * ROWS, -(-columns // by_columns) * lanes
    return x.columns * (m * n + PACKING * m + (PACKING * n if y.column_step != 1 else 0))


@inner_jit
def _pack(x: Matrix, top: int, bottom: int, size: int, out: Array) -> None:
    """out[panel - top, k, r] = x[panel * ROWS + r, k] for top <= panel < bottom, 0 past the last row."""
    for panel in range(top, bottom):
        first, at = panel * ROWS, (panel - top) * size
        if x.column_step == 1:
            pack_rows(x.memory, first * x.row_step, x.row_step, x.rows - first, x.columns, out, at)
        else:
            _copy_runs(x.memory, first, x.column_step, x.columns, x.rows - first, ROWS, out, at)


@inner_jit
def _copy_runs(
    a: Array, start: int, step: int, runs: int, length: int, width: int, out: Array, at: int
) -> None:
    """out[at + i width + j] = a[start + i step + j] for i < runs, j < min(length, width); 0 beyond length."""
    if length >= width:
        for i in range(runs):
            for j in range(width):
                out[at + i * width + j] = a[start + i * step + j]
    else:
        for i in range(runs):
            for j in range(width):
                out[at + i * width + j] = a[start + i * step + j] if j < length else 0


@inner_jit
def _pack_columns(y: Matrix, first: int, depth: int, column: int, lanes: int, out: Array) -> None:
    """out[k, l] = y[first + k, column + l] for k < depth; 0 past the last column."""
    count = min(lanes, y.columns - column)
    start = first * y.row_step + column * y.column_step
    if y.column_step == 1:
        _copy_runs(y.memory, start, y.row_step, depth, count, lanes, out, 0)
        return
    width = WIDTH // out.itemsize
    if count < lanes:
        out[: depth * lanes] = 0
    for lane in range(0, count, width):
        rows = min(width, count - lane)
        transpose(y.memory, start + lane * y.column_step, y.column_step, rows, depth, out, lane, lanes)


@inner_jit
def _multiply_item(
    x: Array,
    size: int,
    y: Matrix,
    column: int,
    top: int,
    bottom: int,
    lanes: int,
    shift: Array,
    packed: Array,
    tile: Array,
    z: Array,
) -> None:
    """A panel of columns of z, for the panels of rows from `top` to `bottom`, which x holds packed."""
    n = y.columns
    m = z.size // n
    width = min(lanes, n - column)
    in_place = y.column_step == 1 and width == lanes
    for first in range(0, y.rows, DEPTH):
        depth = min(DEPTH, y.rows - first)
        if in_place:
            source, start, step = y.memory, first * y.row_step + column, y.row_step
        else:
            _pack_columns(y, first, depth, column, lanes, packed)
            source, start, step = packed, 0, lanes
        for p in range(top, bottom):
            # (ROWS, depth) @ (depth, lanes) -> (ROWS, lanes)
            rows = min(ROWS, m - p * ROWS)
            left, target = (p - top) * size + first * ROWS, p * ROWS * n + column
            if rows == ROWS and width == lanes:
                multiply_tile(
                    x, left, ROWS, shift, source, start, step, shift, 0, 1, depth, z, target, n, first == 0
                )
                continue
            multiply_tile(x, left, ROWS, shift, source, start, step, shift, 0, 1, depth, tile, 0, lanes, True)
            for r in range(rows):
                for lane in range(width):
                    before = z.dtype.type(0) if first == 0 else z[target + r * n + lane]
                    z[target + r * n + lane] = before + tile[r * lanes + lane]


@inner_jit
def _multiply_share(
    worker: int,
    x: Matrix,
    y: Matrix,
    scratch: Array,
    by_columns: int,
    size: int,
    lanes: int,
    shift: Array,
    z: Array,
) -> None:
    """A worker's part of x @ y: some panels of rows times some panels of columns, in its row of scratch."""
    row, share, by_rows = worker // by_columns, worker % by_columns, scratch.shape[0] // by_columns
    panels, columns = (x.rows + ROWS - 1) // ROWS, (y.columns + lanes - 1) // lanes
    top, bottom = row * panels // by_rows, (row + 1) * panels // by_rows
    left, right = share * columns // by_columns, (share + 1) * columns // by_columns
    own = scratch[worker]
    held = own.size - (DEPTH + ROWS) * lanes
    packed, tile = own[held : held + DEPTH * lanes], own[held + DEPTH * lanes :]
    _pack(x, top, bottom, size, own)
    for column in range(left, right):
        _multiply_item(own, size, y, column * lanes, top, bottom, lanes, shift, packed, tile, z)


@jit
def _multiply(
    x: Matrix, y: Matrix, scratch: Array, by_columns: int, size: int, lanes: int, shift: Array, z: Array
) -> None:
    """z = x @ y, with a worker for each row of scratch."""
    parallel_for(scratch.shape[0], _multiply_share, x, y, scratch, by_columns, size, lanes, shift, z)
