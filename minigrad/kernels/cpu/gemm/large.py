"""Large products: panels of rows times panels of columns, tile by tile.

Rows are packed; columns are read where they lie if a row of them is contiguous, and packed otherwise. Each
thread packs what it needs itself: a second start of the threads would cost more than it saves.

A product's terms are summed in blocks of DEPTH, and the blocks one by one: with u half of the arrays' eps,
the error is at most (DEPTH + terms / DEPTH) u times the sum of the terms' magnitudes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.gemm.operands import Matrix, copy_runs, flat, pack_columns
from minigrad.kernels.cpu.runtime.compiling import jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import Rows, pack_rows, packed_size
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

PACKING = 40  # multiplications that take as long as to move an element while packing


class Panels(NamedTuple):
    """The panels of rows from ``top`` to ``bottom``, packed: each in ``size`` elements."""

    memory: Array
    size: int
    top: int
    bottom: int


def multiply(x: Array, y: Array, z: Array) -> None:
    """z = x @ y in C-contiguous z: x (m, k), y (k, n), any strides, none of the sizes 0."""
    left, right = Matrix(*flat(x), *x.shape), Matrix(*flat(y), *y.shape)
    lanes = TILE.lanes(z.itemsize)
    panels, columns = -(-left.rows // ROWS), -(-right.columns // lanes)
    size = packed_size(left.columns, lanes)
    spare = (DEPTH + ROWS) * lanes
    with launch(z.size * left.columns) as allowed:
        by_rows, by_columns = min(allowed, panels), min(allowed, columns)
        packs = right.column_step != 1
        rows_each, columns_each = -(-panels // by_rows) * ROWS, -(-columns // by_columns) * lanes
        if _cost(rows_each, columns * lanes, packs) <= _cost(panels * ROWS, columns_each, packs):
            by_columns = 1
        else:
            by_rows = 1
        own = -(-panels // by_rows) * size + spare
        (scratch,) = workspace.take(z.dtype, by_rows * by_columns * own)
        _multiply(left, right, scratch.reshape(-1, own), by_columns, size, z.reshape(-1))


def _cost(rows: int, columns: int, packs: bool) -> int:
    """A worker's time for each term of ``rows`` by ``columns`` sums, in multiplications."""
    return rows * columns + PACKING * rows + (PACKING * columns if packs else 0)


@inner_jit
def _pack(x: Matrix, top: int, bottom: int, size: int, out: Array) -> None:
    """out[panel - top, k, r] = x[panel * ROWS + r, k] for top <= panel < bottom, 0 past the last row."""
    for panel in range(top, bottom):
        first, at = panel * ROWS, (panel - top) * size
        if x.column_step == 1:
            rows = Rows(x.memory, first * x.row_step, x.row_step)
            pack_rows(rows, x.rows - first, x.columns, out, at)
        else:
            copy_runs(x.memory, first, x.column_step, x.columns, x.rows - first, ROWS, out, at)


@inner_jit
def _multiply_item(
    x: Panels, y: Matrix, column: int, nowhere: Array, packed: Array, tile: Array, z: Array
) -> None:
    """A panel of columns of z for the rows of x: z[i, j] = sum over k of x[i, k] y[k, j]."""
    n, lanes = y.columns, TILE.vectors * WIDTH // z.itemsize
    m = z.size // n
    width = min(lanes, n - column)
    in_place = y.column_step == 1 and width == lanes
    for first in range(0, y.rows, DEPTH):
        depth = min(DEPTH, y.rows - first)
        if in_place:
            source, start, step = y.memory, first * y.row_step + column, y.row_step
        else:
            pack_columns(y, first, depth, column, lanes, packed)
            source, start, step = packed, 0, lanes
        for p in range(x.top, x.bottom):
            # (ROWS, depth) @ (depth, lanes) -> (ROWS, lanes)
            rows = min(ROWS, m - p * ROWS)
            left, target = (p - x.top) * x.size + first * ROWS, p * ROWS * n + column
            if rows == ROWS and width == lanes:
                multiply_tile(
                    x.memory, left, ROWS, nowhere, source, start, step, nowhere,
                    0, 1, depth, z, target, n, first == 0,
                )  # fmt: skip
                continue
            multiply_tile(
                x.memory, left, ROWS, nowhere, source, start, step, nowhere, 0, 1, depth, tile, 0, lanes, True
            )
            for r in range(rows):
                for lane in range(width):
                    before = z.dtype.type(0) if first == 0 else z[target + r * n + lane]
                    z[target + r * n + lane] = before + tile[r * lanes + lane]


@inner_jit
def _multiply_share(
    worker: int, x: Matrix, y: Matrix, scratch: Array, by_columns: int, size: int, z: Array
) -> None:
    """A worker's part of x @ y: some panels of rows times some panels of columns, in its row of scratch."""
    lanes, nowhere = TILE.vectors * WIDTH // z.itemsize, np.zeros(1, np.int64)
    row, share, by_rows = worker // by_columns, worker % by_columns, scratch.shape[0] // by_columns
    panels, columns = (x.rows + ROWS - 1) // ROWS, (y.columns + lanes - 1) // lanes
    top, bottom = row * panels // by_rows, (row + 1) * panels // by_rows
    left, right = share * columns // by_columns, (share + 1) * columns // by_columns
    own = scratch[worker]
    held = own.size - (DEPTH + ROWS) * lanes
    packed, tile = own[held : held + DEPTH * lanes], own[held + DEPTH * lanes :]
    _pack(x, top, bottom, size, own)
    rows = Panels(own, size, top, bottom)
    for column in range(left, right):
        _multiply_item(rows, y, column * lanes, nowhere, packed, tile, z)


@jit
def _multiply(x: Matrix, y: Matrix, scratch: Array, by_columns: int, size: int, z: Array) -> None:
    """z = x @ y, with a worker for each row of scratch."""
    parallel_for(scratch.shape[0], _multiply_share, x, y, scratch, by_columns, size, z)
