"""The matrix product on the CPU: panels of rows times panels of columns, tile by tile.

Rows are packed; columns are read where they lie if a row of them is contiguous, and packed otherwise. Each
thread packs what it needs itself: small products end before a second start of the threads.

A product's terms are summed in blocks of DEPTH, and the blocks one by one: with u half of the arrays' eps,
the error is at most (DEPTH + terms / DEPTH) u times the sum of the terms' magnitudes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching, output, stacked_shape
from minigrad.kernels.cpu.bias import Both, bias_leaky_relu, bias_leaky_relu_grad
from minigrad.kernels.cpu.gemm import small
from minigrad.kernels.cpu.runtime.compiling import Array, checked, contiguous, jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.tile import (
    DEPTH,
    ROWS,
    TILE,
    WIDTH,
    multiply_tile,
    pack_rows,
    packed_size,
    transpose,
)

TINY = 1 << 12  # multiplications up to which NumPy's product is done sooner than a kernel's call
LONG = 1 << 10  # columns from which NumPy multiplies a column by a row as fast as memory takes it
STACKED = 1 << 12  # terms that NumPy adds in a product of stacks
PACKING = 40  # multiplications that take as long as to move an element while packing

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

    x (m, k), y (k, n) -> z (m, n), in ``out`` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n = x.shape, y.shape[1]
    z = output("matmul", out, (m, n), x.dtype)
    work = m * depth * n
    if depth == 1 and n >= LONG:
        launching.launch(np.multiply, x, y, z)
    elif work <= TINY:
        launching.launch(np.matmul, x, y, z)
    elif work <= small.LARGEST or min(m, n) <= small.FEW:
        small.multiply(x, y, small.AS_IT_IS[x.dtype], z)
    else:
        _times_matrix(_matrix(x), _matrix(y), z, work)
    return z


def stacked_matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """numpy.matmul: z[..., i, j] = sum over k of x[..., i, k] y[..., k, j].

    x (..., m, k), y (..., k, n) -> z (..., m, n), in ``out`` if given. Axes before the last two are
    broadcast; an operand of one axis is a row x or a column y, and z lacks that axis. Raises as matmul.
    """
    checked("stacked_matmul", x, y)
    z = output("stacked_matmul", out, stacked_shape(x.shape, y.shape), x.dtype)
    launching.launch(np.matmul if x.shape[-1] <= STACKED else _sum_blocks, x, y, z)
    return z


def _sum_blocks(x: Array, y: Array, z: Array) -> None:
    """numpy.matmul of long rows and columns, a block of them at a time: NumPy adds all terms one by one."""
    total, depth = np.zeros(z.shape), x.shape[-1]
    for first in range(0, depth, STACKED):
        own = slice(first, first + STACKED)
        total += np.matmul(x[..., own], y[own] if y.ndim == 1 else y[..., own, :])
    z[...] = total


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    ``out`` if given. The numbers are those of the two kernels. Raises as they do.
    """
    checked("matmul_gate", x, y, own)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0] or own.shape != (x.shape[0], y.shape[1]):
        raise ValueError(
            f"matmul_gate: expected (m, k), (k, n) and (m, n); got {x.shape}, {y.shape} and {own.shape}"
        )
    (m, depth), n = x.shape, y.shape[1]
    shapes, given = ((m, n), (n,)), out or (None, None)
    z, sums = (output("matmul_gate", a, shape, x.dtype) for a, shape in zip(given, shapes, strict=True))
    if not TINY < m * depth * n <= small.LARGEST or min(m, n) <= small.FEW or (depth == 1 and n >= LONG):
        return bias_leaky_relu_grad(matmul(x, y, out=z), own, slope, out=(z, sums))
    small.multiply(x, y, small.gated(contiguous(own), float(slope), sums), z)
    return z, sums


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in ``out`` if given. Raises as matmul.
    """
    checked("linear", x, w, b)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    y = output("linear", out, (x.shape[0], w.shape[0]), x.dtype)
    if x.size * len(w) > 0 and (len(w) <= small.FEW or x.size * len(w) <= small.LARGEST):
        small.multiply(x, w.T, small.activated(contiguous(b), float(slope)), y)
        return y
    matmul(x, w.T, out=y)
    return bias_leaky_relu(y, b, slope, out=y)


def _matrix(a: Array) -> Matrix:
    flags = a.flags
    if not flags.forc or not flags.aligned or not flags.writeable:
        a = np.array(a, order="C")
        flags = a.flags
    rows, columns = a.shape
    if flags.c_contiguous:
        return Matrix(a.reshape(-1), columns, 1, rows, columns)
    return Matrix(a.T.reshape(-1), 1, rows, rows, columns)


def _times_matrix(x: Matrix, y: Matrix, z: Array, work: int) -> None:
    lanes = TILE.lanes(z.itemsize)
    panels, columns = -(-x.rows // ROWS), -(-y.columns // lanes)
    size = packed_size(x.columns, lanes)
    spare = (DEPTH + ROWS) * lanes
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
    """A panel of columns of z, for the panels of rows from ``top`` to ``bottom``, which x holds packed."""
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
