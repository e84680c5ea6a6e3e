"""The matrix product on the CPU: panels of rows times panels of columns, tile by tile.

The rows are packed; columns are read where they lie if a row of them is contiguous, and packed otherwise.
"""

from __future__ import annotations

import numba
import numpy as np

from minigrad.kernels.cpu.compiling import Array, checked, jit, launch, parallel_jit, workspace
from minigrad.kernels.cpu.conv_loops import DEPTH, ROWS, TILE, multiply_tile

FEW = (
    1 << 18
)  # multiplications below which NumPy's product, on one thread, is done before the panels are packed


def matmul(x: Array, y: Array) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n). ValueError if the shapes do not fit, TypeError unless both are float32 or
    both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n = x.shape, y.shape[1]
    if m * depth * n <= FEW:
        return np.ascontiguousarray(np.matmul(x, y))
    z = np.empty((m, n), x.dtype)
    if min(m, n) == 1 or depth == 1:
        np.einsum("ik,kj->ij", x, y, out=z)
        return z
    lanes = TILE.lanes(x.itemsize)
    rows, columns = -(-m // ROWS), -(-n // lanes)
    with launch(m * depth * n) as allowed:
        splits = max(1, min(rows, -(-2 * allowed // columns)))
        workers = min(allowed, columns * splits)
        block = min(depth, DEPTH)
        x_packed, y_packed, tiles = workspace.take(
            x.dtype, rows * ROWS * depth, workers * block * lanes, workers * rows * ROWS * lanes
        )
        flat, row_step, column_step = _steps(y)
        shifts = np.arange(block) * np.array([[lanes], [row_step]])  # of packed columns, of those in place
        _pack_rows(*_steps(x), m, depth, x_packed)
        packed, sums = y_packed.reshape(workers, -1), tiles.reshape(workers, -1)
        _multiply(x_packed, flat, row_step, column_step, depth, shifts, packed, sums, splits, z)
    return z


def _steps(a: Array) -> tuple[Array, int, int]:
    """A matrix as one axis of elements, and how far apart its rows and its columns are there."""
    if not a.flags.forc or not a.flags.aligned or not a.flags.writeable:
        a = np.array(a, order="C")
    return a.reshape(-1, order="A"), a.strides[0] // a.itemsize, a.strides[1] // a.itemsize


@parallel_jit
def _pack_rows(x: Array, row_step: int, column_step: int, m: int, depth: int, out: Array) -> None:
    """out[panel, k, r] = x[panel * ROWS + r, k], 0 past the last row. One iteration owns a panel."""
    for panel in numba.prange((m + ROWS - 1) // ROWS):
        start = panel * ROWS * depth
        height = min(ROWS, m - panel * ROWS)
        source = panel * ROWS * row_step
        _copy(x, source, column_step, row_step, depth, height, ROWS, out[start : start + ROWS * depth])


@jit
def _copy(
    a: Array, start: int, outer_step: int, inner_step: int, outer: int, inner: int, width: int, out: Array
) -> None:
    """out[i, j] = a[start + i outer_step + j inner_step] for i < outer, j < inner; 0 for j up to width."""
    if inner_step == 1:
        for i in range(outer):
            for j in range(inner):
                out[i * width + j] = a[start + i * outer_step + j]
    else:  # the source is read along its rows, where neighbours share a cache line
        for j in range(inner):
            for i in range(outer):
                out[i * width + j] = a[start + i * outer_step + j * inner_step]
    for i in range(outer):
        for j in range(inner, width):
            out[i * width + j] = 0


@jit
def _multiply_item(
    item: int,
    x: Array,
    y: Array,
    row_step: int,
    column_step: int,
    depth: int,
    shifts: Array,
    packed: Array,
    tiles: Array,
    splits: int,
    z: Array,
) -> None:
    """A panel of columns of z, for a range of its panels of rows."""
    m, n = z.shape
    lanes = packed.size // shifts.shape[1]
    rows = (m + ROWS - 1) // ROWS
    column = item // splits * lanes
    width = min(lanes, n - column)
    top, bottom = item % splits * rows // splits, (item % splits + 1) * rows // splits
    tiles[: (bottom - top) * ROWS * lanes] = 0
    in_place = column_step == 1 and width == lanes
    block = shifts.shape[1]
    for first in range(0, depth, block):
        count = min(block, depth - first)
        corner = first * row_step + column * column_step
        if not in_place:
            _copy(y, corner, row_step, column_step, count, width, lanes, packed)
        for p in range(top, bottom):
            # (ROWS, count) @ (count, lanes) -> (ROWS, lanes)
            start, target = (p * depth + first) * ROWS, (p - top) * ROWS * lanes
            if in_place:
                multiply_tile(x, start, y, corner, shifts[1], 0, count, tiles, target)
            else:
                multiply_tile(x, start, packed, 0, shifts[0], 0, count, tiles, target)
    for i in range(top * ROWS, min(bottom * ROWS, m)):
        start = (i - top * ROWS) * lanes
        for lane in range(width):
            z[i, column + lane] = tiles[start + lane]


@parallel_jit
def _multiply(
    x: Array,
    y: Array,
    row_step: int,
    column_step: int,
    depth: int,
    shifts: Array,
    packed: Array,
    tiles: Array,
    splits: int,
    z: Array,
) -> None:
    """z = x @ y from x's packed rows. One iteration owns a row of scratch and a share of the items."""
    workers = packed.shape[0]
    lanes = packed.shape[1] // shifts.shape[1]
    items = (z.shape[1] + lanes - 1) // lanes * splits
    for worker in numba.prange(workers):
        for item in range(worker * items // workers, (worker + 1) * items // workers):
            _multiply_item(
                item, x, y, row_step, column_step, depth, shifts, packed[worker], tiles[worker], splits, z
            )
