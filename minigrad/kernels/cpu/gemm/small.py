"""Small products, for which packing would cost as much as multiplying, and what a linear layer does to them.

Rows of x are read where they lie. So are rows of y if they are contiguous; else each thread packs the panels
of columns that it needs.
"""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.bias import add_panels, gate_panel
from minigrad.kernels.cpu.gemm.few import add_columns, dot_rows, multiply_few
from minigrad.kernels.cpu.gemm.operands import Finish, Matrix, PlainFinish, flat, pack_columns
from minigrad.kernels.cpu.runtime.compiling import jit, threads
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.product import DEPTH
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED, PLAIN, multiply_strided
from minigrad.kernels.launching import launch
from minigrad.types import Array

LARGEST = 1 << 23  # multiplications up to which packing the rows costs more than it saves
SERIAL = 1 << 16  # multiplications that one thread does while two are started
WRITING = 16  # multiplications that take as long as to write an element
PACKING = 20  # and as to pack one
LOCAL = 1.05  # times as long as by columns: rows may take this, as the next kernel finds them in its cache
FEW = 4  # columns, each of which is a vector then, or terms: these go to ``few``


def multiply(x: Array, y: Array, finish: PlainFinish, z: Array) -> None:
    """z = finish(x @ y) in C-contiguous z; a gate needs more than FEW rows and columns.

    x (m, k), y (k, n), any strides, none of the sizes 0.
    """
    (m, n), depth, result = z.shape, x.shape[1], z.reshape(-1)
    workers = 1 if m * n * (depth + WRITING) < SERIAL else threads()
    left, x_row, x_column = flat(x)
    right, y_row, y_column = flat(y)
    way, slope, bias = finish[:3]
    if n <= FEW and x_column == 1:
        launch(dot_rows, left, right, (x_row, y_row, y_column), (m, depth, n, n, 1), bias, slope, result)
    elif n <= FEW and way == PLAIN:
        launch(add_columns, left, right, (x_column, y_row, y_column), (m, depth, n, n, 1), result)
    elif m <= FEW and way == PLAIN and y_row == 1:  # z^T = y^T @ x^T
        launch(dot_rows, right, left, (y_column, x_column, x_row), (n, depth, m, 1, n), bias, slope, result)
    elif m <= FEW and way == PLAIN:
        launch(add_columns, right, left, (y_row, x_column, x_row), (n, depth, m, 1, n), result)
    else:
        steps, shape = (x_row, x_column, y_row, y_column), (m, depth, n)
        if depth <= FEW and m >= ROWS and n % (WIDTH // z.itemsize) == 0:
            shares = min(workers, -(-m // ROWS))
            launch(multiply_few, left, right, steps, shape, shares, finish, result)
        else:
            parts = _parts(m, n, y_column != 1, z.itemsize, workers)
            launch(_multiply, left, right, steps, shape, parts, finish, result)


def _parts(m: int, n: int, packs: bool, itemsize: int, workers: int) -> tuple[int, int]:
    """The number of shares of rows and of columns for which the busiest thread has the least to do."""
    lanes = TILE.lanes(itemsize)
    panels, columns = -(-m // ROWS), -(-n // lanes)
    by_rows, by_columns = min(workers, panels), min(workers, columns)
    packing = PACKING if packs else 0
    rows, part = -(-panels // by_rows) * ROWS, -(-columns // by_columns) * lanes
    if columns * lanes * (rows + packing) <= LOCAL * part * (panels * ROWS + packing):
        return by_rows, 1
    return 1, by_columns


@inner_jit
def _copy_block(a: Array, row: int, step: int, rows: int, depth: int, height: int, out: Array) -> None:
    """out[k, r] = a[r row + k step] for r < rows, 0 for rows <= r < height."""
    for k in range(depth):
        for r in range(height):
            out[k * height + r] = a[r * row + k * step] if r < rows else 0


@inner_jit
def _copy_tile(
    a: Array, start: int, step: int, rows: int, columns: int, out: Array, out_start: int, out_step: int
) -> None:
    """out[out_start + r out_step + j] = a[start + r step + j] for r < rows, j < columns."""
    for r in range(rows):
        for j in range(columns):
            out[out_start + r * out_step + j] = a[start + r * step + j]


@inner_jit
def _multiply_share(
    worker: int, x: Matrix, y: Matrix, parts: tuple[int, int], finish: Finish, totals: Array, z: Array
) -> None:
    """A share of the panels of rows times a share of those of columns."""
    m, depth, n, (by_rows, by_columns) = x.rows, x.columns, y.columns, parts
    way, own = finish.way, finish.own
    lanes = TILE.vectors * WIDTH // z.itemsize
    panels, columns = (m + ROWS - 1) // ROWS, (n + lanes - 1) // lanes
    own_row, own_column = worker // by_columns, worker % by_columns
    top, bottom = own_row * panels // by_rows, (own_row + 1) * panels // by_rows
    left, right = own_column * columns // by_columns, (own_column + 1) * columns // by_columns
    packed, spare = np.empty(DEPTH * lanes, z.dtype), np.zeros(ROWS * lanes, z.dtype)
    rest, offsets = np.empty(DEPTH * ROWS if m < ROWS else 0, z.dtype), np.zeros(lanes, z.dtype)
    factor = z.dtype.type(finish.slope)
    for panel in range(left, right):
        column = panel * lanes
        width = min(lanes, n - column)
        if finish.bias.size > 0:
            offsets[:width] = finish.bias[column : column + width]
        for first in range(0, depth, DEPTH):
            count = min(DEPTH, depth - first)
            ending = way if first + count == depth else PLAIN
            source, start, step = y.memory, first * y.row_step + column * y.column_step, y.row_step
            if y.column_step != 1 or width < lanes:
                pack_columns(y, first, count, column, lanes, packed)
                source, start, step = packed, 0, lanes
            for p in range(top, bottom):
                # (ROWS, count) @ (count, lanes) -> (ROWS, lanes); the last rows are read with some before
                row = max(0, min(p * ROWS, m - ROWS))
                rows, r_step, k_step = x.memory, x.row_step, x.column_step
                origin = row * r_step + first * k_step
                if m < ROWS:
                    _copy_block(x.memory[origin:], r_step, k_step, m, count, ROWS, rest)
                    rows, r_step, k_step, origin = rest, 1, ROWS, 0
                target, t0, t_row, whole = z, row * n + column, n, True
                if row < p * ROWS or m < ROWS or width < lanes:
                    target, t0, t_row, whole = spare, 0, lanes, False
                    if first > 0:
                        _copy_tile(z, row * n + column, n, min(ROWS, m), width, spare, 0, lanes)
                place = row * n + column
                multiply_strided(
                    rows, origin, r_step, k_step, source, start, step, count, target, t0, t_row, first == 0,
                    ending if whole or ending == ACTIVATED else PLAIN, factor, offsets, 0,
                    own, place, n, totals, p * n + column,
                )  # fmt: skip
                if not whole:
                    skipped = p * ROWS - row
                    height, place = min(ROWS, m) - skipped, place + skipped * n
                    _copy_tile(spare, skipped * lanes, lanes, height, width, z, place, n)
                    if ending == GATED:
                        gated, sums = z[place:], totals[p * n + column :]
                        gate_panel(gated, own[place:], n, height, width, factor, gated, sums)


@jit
def _multiply(
    x: Array,
    y: Array,
    steps: tuple[int, int, int, int],
    shape: tuple[int, int, int],
    parts: tuple[int, int],
    finish: PlainFinish,
    z: Array,
) -> None:
    """z = finish(x @ y), in ``parts`` of rows and of columns; ``steps`` and ``shape`` as in multiply_few."""
    m, depth, n = shape
    left, right = Matrix(x, steps[0], steps[1], m, depth), Matrix(y, steps[2], steps[3], depth, n)
    totals = np.empty((m + ROWS - 1) // ROWS * n if finish[0] == GATED else 0, z.dtype)
    parallel_for(parts[0] * parts[1], _multiply_share, left, right, parts, Finish(*finish), totals, z)
    add_panels(totals, finish[4])
