"""Products in tiles: panels of rows of x times blocks of columns of y, and what a linear layer does to them.

Rows of x are read where they lie if they are contiguous, and columns of y if they are and few rows need them;
else each thread packs what it needs. The smaller factor stays in a cache while the larger one passes by once.

A product's terms are summed in blocks of DEPTH, and the blocks one by one: with u half of the arrays' eps,
the error is at most (DEPTH + terms / DEPTH) u times the sum of the terms' magnitudes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from minigrad.kernels.cpu.bias import add_panels, gate_panel
from minigrad.kernels.cpu.gemm.few import few, takes
from minigrad.kernels.cpu.gemm.operands import Finish, Matrix, PlainFinish, lying, memory_of, pack_columns
from minigrad.kernels.cpu.gemm.plan import COPYING, TURNED, Plan, plan
from minigrad.kernels.cpu.runtime.caches import CACHE_LINE
from minigrad.kernels.cpu.runtime.compiling import by_dtype, threads
from minigrad.kernels.cpu.runtime.inner import inlined, inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import Rows, transpose
from minigrad.kernels.cpu.tiles.product import DEPTH
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.kernels.cpu.tiles.strided import (
    ACTIVATED,
    ADDED,
    GATED,
    PLAIN,
    address,
    copy_rows,
    multiply_strided,
)
from minigrad.kernels.launching import launch
from minigrad.types import Array

SERIAL = 1 << 16  # multiplications that one thread does while two are started
WRITING = 16  # multiplications that take as long as to write an element


def multiply(x: Array, y: Array, finish: PlainFinish, z: Array) -> None:
    """z = finish(x @ y) in C-contiguous z; what reads ``own`` needs more than few.FEW rows and columns, and
    an ADDED matrix more terms, too.

    x (m, k), y (k, n), any strides, none of the sizes 0.
    """
    (m, depth), n, way = x.shape, y.shape[1], finish[0]
    if takes(x, m, depth, n, way):
        launch(few[z.dtype], lying(x), lying(y), *finish, z)
        return
    workers = 1 if m * n * (depth + WRITING) < SERIAL else threads()
    x, y = lying(x), lying(y)
    across = not x.flags.c_contiguous, not y.flags.c_contiguous
    chosen = plan(m, depth, n, *across, way >= GATED, z.itemsize, workers)
    launch(_multiply[z.dtype], x, y, tuple(chosen), finish, z)


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
def _turn(results: Rows, rows: int, columns: int, finish: Finish, first: int, z: Rows) -> None:
    """z[j, i] = finish(results[i, j]) for i < rows, j < columns, where row 0 has the bias ``first``."""
    transpose(results, z, rows, columns)
    if finish.way == ACTIVATED:
        factor, bias = z.memory.dtype.type(finish.slope), finish.bias[first : first + rows]
        for j in range(columns):
            row = z.memory[z.start + j * z.step : z.start + j * z.step + rows]
            for i in range(rows):
                value = row[i] + bias[i]
                low = factor * value if factor != 0 else factor
                row[i] = low if value <= 0 else value


class Share(NamedTuple):
    """A worker's panels of rows, from ``top`` on, and blocks of columns, from ``left`` on.

    Its memory holds a tile, a row of one, a bias, packed columns, packed rows, results to be transposed.
    """

    plan: Plan
    top: int
    height: int
    left: int
    breadth: int
    columns_at: int
    rows_at: int
    turned_at: int


@inner_jit
def _pack(at: tuple[int, int, int], x: Matrix, y: Matrix, share: Share, memory: Array) -> None:
    """Pack what the tile reads and cannot read where it lies, unless an earlier one has."""
    (p, part, c), held = at, share.plan.held
    m, lanes, first = x.rows, TILE.vectors * WIDTH // memory.itemsize, part * DEPTH
    count, column = min(DEPTH, x.columns - first), (share.left + c) * lanes
    if p == 0 and (y.column_step != 1 or column + lanes > y.columns):
        place = share.columns_at + ((c * x.columns + first) * lanes if held else 0)
        pack_columns(y, first, count, column, lanes, memory[place:])
    if c == 0:
        origin = max(0, min((share.top + p) * ROWS, m - ROWS)) * x.row_step + first * x.column_step
        place = share.rows_at + (first if held else p * DEPTH) * ROWS
        if m < ROWS:
            _copy_block(x.memory[origin:], x.row_step, x.column_step, m, count, ROWS, memory[place:])
        elif x.column_step != 1:
            copy_rows(x.memory, origin, x.column_step, memory, place, ROWS, count)


@inner_jit
def _end_narrow(
    ending: int, z: Array, own: Array, n: int, rows: int, columns: int, factor: float, totals: Array
) -> None:
    """What reads ``own``, for columns that do not fill a tile: element (r, j) lies at r n + j."""
    if ending == GATED:
        gate_panel(z, own, n, rows, columns, factor, z, totals)
    elif ending == ADDED:
        for r in range(rows):
            for j in range(r * n, r * n + columns):
                z[j] = own[j] + z[j]


@inner_jit
@inlined
def _multiply_tile(
    at: tuple[int, int, int],
    x: Matrix,
    y: Matrix,
    share: Share,
    finish: Finish,
    totals: Array,
    memory: Array,
    z: Array,
) -> None:
    """One part of the terms of a tile: a panel of rows times a block of columns; ``at`` has their numbers."""
    (p, part, c), (held, turned) = at, (share.plan.held, share.plan.turned)
    m, depth, n, own = x.rows, x.columns, y.columns, finish.own
    vector = WIDTH // z.itemsize
    lanes = TILE.vectors * vector
    nowhere = address(memory, ROWS * lanes)
    first, column = part * DEPTH, (share.left + c) * lanes
    count, width = min(DEPTH, depth - first), min(lanes, n - column)
    row = max(0, min((share.top + p) * ROWS, m - ROWS))  # the last rows are read with some before
    low, high, here = (share.top + p) * ROWS - row, m - row, row * n + column
    fresh, ending = first == 0, finish.way if first + count == depth and not turned else PLAIN
    packs_columns, packs_rows = y.column_step != 1 or width < lanes, x.column_step != 1 or m < ROWS
    copies = share.height >= COPYING and not packs_columns

    place = address(memory, share.columns_at + ((c * depth + first) * lanes if held else 0))
    copy, copy_step, source, step = nowhere, 0, place, lanes
    if not packs_columns and (p == 0 or not copies):
        source, step = address(y.memory, first * y.row_step + column), y.row_step
    if copies and p == 0:
        copy, copy_step = place, lanes

    r_step, k_step, rows = (
        x.row_step,
        x.column_step,
        address(x.memory, row * x.row_step + first * x.column_step),
    )
    if packs_rows:
        r_step, k_step = 1, ROWS
        rows = address(memory, share.rows_at + (first if held else p * DEPTH) * ROWS)

    ahead, ahead_step = nowhere, 0
    if held and not packs_rows and c * CACHE_LINE < ROWS * z.itemsize:  # the next rows, at most a line a term
        ahead_step = min(CACHE_LINE // z.itemsize, ROWS)
        ahead = address(x.memory, (row + ROWS) * x.row_step + (c * depth + first) * ahead_step)
    elif not held and not packs_columns and p < TILE.vectors:  # of a vector's end: it may lie across two
        left = column + lanes if c + 1 < share.breadth else share.left * lanes + DEPTH * y.row_step
        ahead, ahead_step = address(y.memory, first * y.row_step + left + (p + 1) * vector - 1), y.row_step

    target, target_row, in_tile = address(z, here), n, ending
    if turned:
        target_row, low, high = share.breadth * lanes, 0, ROWS
        above = (share.top + p // TURNED * TURNED - 1) * ROWS
        target = address(memory, share.turned_at + (row - above) * target_row + c * lanes)
    elif width < lanes:
        target, target_row = address(memory, 0), lanes
        in_tile = ending if ending == ACTIVATED else PLAIN
        if not fresh:
            _copy_tile(z, here, n, min(ROWS, m), width, memory, 0, lanes)
    if ending == ACTIVATED:
        _copy_tile(finish.bias, column, 0, 1, width, memory, (ROWS + 1) * lanes, 0)
    factor, sums = z.dtype.type(finish.slope), (share.top + p) * n + column
    bias, gate, total = address(memory, (ROWS + 1) * lanes), address(own, here), address(totals, sums)
    # (ROWS, count) @ (count, lanes) -> (ROWS, lanes)
    multiply_strided(
        rows, r_step, k_step, source, step, count, copy, copy_step, ahead, ahead_step,
        target, target_row, low, high, nowhere, fresh, in_tile, factor, bias, gate, n, total,
    )  # fmt: skip
    if width < lanes and not turned:
        height, here = min(ROWS, m) - low, here + low * n
        _copy_tile(memory, low * lanes, lanes, height, width, z, here, n)
        _end_narrow(ending, z[here:], own[here:], n, height, width, factor, totals[sums:])


@inner_jit
def _multiply_share(
    worker: int, x: Matrix, y: Matrix, plan: Plan, finish: Finish, totals: Array, scratch: Array, z: Array
) -> None:
    """A share of the panels of rows times a share of the blocks of columns."""
    m, depth, n, memory = x.rows, x.columns, y.columns, scratch[worker]
    lanes = TILE.vectors * WIDTH // z.itemsize
    panels, blocks = (m + ROWS - 1) // ROWS, (n + lanes - 1) // lanes
    row, column = worker // plan.columns, worker % plan.columns
    top, bottom = row * panels // plan.rows, (row + 1) * panels // plan.rows
    left, right = column * blocks // plan.columns, (column + 1) * blocks // plan.columns
    height, breadth, parts = bottom - top, right - left, (depth + DEPTH - 1) // DEPTH
    columns_at = (ROWS + 2) * lanes
    rows_at = columns_at + (breadth * depth if plan.held else DEPTH) * lanes
    turned_at = rows_at + ROWS * (depth if plan.held else height * DEPTH)
    share = Share(plan, top, height, left, breadth, columns_at, rows_at, turned_at)
    outer, middle, inner = (height, parts, breadth) if plan.held else (parts, breadth, height)
    for i in range(outer):
        for j in range(middle):
            for k in range(inner):
                at = (i, j, k) if plan.held else (k, i, j)
                if at[0] == 0 or at[2] == 0:
                    _pack(at, x, y, share, memory)
                _multiply_tile(at, x, y, share, finish, totals, memory, z)
        if plan.turned and (i % TURNED == TURNED - 1 or i == height - 1):
            begin, step = (top + i // TURNED * TURNED) * ROWS, breadth * lanes
            results = Rows(memory, turned_at + ROWS * step, step)
            rows, columns = min((top + i + 1) * ROWS, m) - begin, min(step, n - left * lanes)
            _turn(results, rows, columns, finish, begin, Rows(z, left * lanes * m + begin, m))


def _kinds(element: Any) -> tuple[Any, ...]:
    factor, row, whole = (types.Array(element, *form) for form in ((2, "A"), (1, "C"), (2, "C")))
    chosen = types.Tuple((types.boolean, types.int64, types.int64, types.boolean))
    return factor, factor, chosen, types.Tuple((types.int64, types.float64, row, row, row)), whole


@by_dtype(_kinds)
def _multiply(
    x: Array, y: Array, plan: tuple[bool, int, int, bool], finish: PlainFinish, result: Array
) -> None:
    """result = finish(x @ y), x and y contiguous in some order; ``plan`` is a plain Plan."""
    turned, by_rows, by_columns, held = plan
    (m, depth), n, z = x.shape, y.shape[1], memory_of(result)
    row_step, column_step = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
    left = Matrix(memory_of(x), row_step, 1 if depth == 1 else column_step, m, depth)
    row_step, column_step = y.strides[0] // y.itemsize, y.strides[1] // y.itemsize
    right = Matrix(memory_of(y), row_step, 1 if n == 1 else column_step, depth, n)
    if turned:  # z^T = y^T @ x^T
        before, m, n = left, n, m
        left = Matrix(right.memory, right.column_step, right.row_step, m, depth)
        right = Matrix(before.memory, before.column_step, before.row_step, depth, n)
    totals = np.empty((m + ROWS - 1) // ROWS * n if finish[0] == GATED else 0, z.dtype)
    lanes = TILE.vectors * WIDTH // z.itemsize
    panels, blocks = (m + ROWS - 1) // ROWS, (n + lanes - 1) // lanes
    height, breadth = (panels + by_rows - 1) // by_rows, (blocks + by_columns - 1) // by_columns
    size = (ROWS + 2 + (breadth * depth if held else DEPTH)) * lanes
    size += ROWS * (depth if held else height * DEPTH)
    size += (TURNED + 1) * ROWS * breadth * lanes if turned else 0
    each = (size + lanes - 1) // lanes * lanes
    memory = np.empty((by_rows * by_columns + 1) * each, z.dtype)
    start = -memory.ctypes.data % CACHE_LINE // z.itemsize
    scratch = memory[start : start + by_rows * by_columns * each].reshape(-1, each)
    ends = Finish(*finish)
    parallel_for(len(scratch), _multiply_share, left, right, Plan(*plan), ends, totals, scratch, z)
    add_panels(totals, finish[4])
