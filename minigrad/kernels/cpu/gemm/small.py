"""Products whose operands are too small to be packed, and what a linear layer does to them.

Rows are read where they lie, and columns too if a row of them is contiguous; else each thread packs those
that it needs, panel by panel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.bias import add_panels, gate_panel
from minigrad.kernels.cpu.runtime.compiling import DTYPES, Array, jit, threads
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.shallow import multiply_shallow
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED, PLAIN, multiply_strided
from minigrad.kernels.cpu.tiles.tile import DEPTH, ROWS, TILE, WIDTH, transpose
from minigrad.kernels.launching import launch

LARGEST = 1 << 23  # multiplications up to which packing the rows costs more than it saves
SERIAL = 1 << 16  # multiplications that one thread does before two have started
WRITING = 16  # multiplications that take as long as to write an element
PACKING = 20  # and as to pack one
LOCAL = 1.05  # times longer that shares of rows may take: the next kernel finds them in its thread's cache
FEW = 4  # columns that are better products of the rows and a vector each, or terms that need no packing
BLOCK = 8  # rows of the former that one iteration owns if they are contiguous
CHUNK = 1 << 10  # and otherwise
LONG = 1 << 11  # products of a row and a vector whose sum stays in their dtype, in the lanes of some vectors


class Finish(NamedTuple):
    """What is done to a product z before it is stored.

    PLAIN: nothing. ACTIVATED: leaky_relu(z + bias). GATED: slope * z where ``own`` is not above 0; ``sums``
    is then the sum over the rows. bias and sums (n,), own (m n,), or (0,) where they have no part.
    """

    way: int
    slope: float
    bias: Array
    own: Array
    sums: Array


NONE = {dtype: np.zeros(0, dtype) for dtype in DTYPES}
AS_IT_IS = {dtype: Finish(PLAIN, 1.0, none, none, none) for dtype, none in NONE.items()}


def activated(bias: Array, slope: float) -> Finish:
    """leaky_relu(z + bias)."""
    none = NONE[bias.dtype]
    return Finish(ACTIVATED, slope, bias, none, none)


def gated(own: Array, slope: float, sums: Array) -> Finish:
    """z where ``own`` is above 0, else slope * z, and its sum over the rows."""
    return Finish(GATED, slope, NONE[own.dtype], own.reshape(-1), sums)


def multiply(x: Array, y: Array, finish: Finish, z: Array) -> None:
    """z = finish(x @ y) in C-contiguous z; a gate needs more than FEW rows and columns.

    x (m, k), y (k, n), any strides, none of the sizes 0.
    """
    (m, n), depth, flat = z.shape, x.shape[1], z.reshape(-1)
    workers = 1 if m * n * (depth + WRITING) < SERIAL else threads()
    left, x_row, x_step = _flat(x)
    right, y_step, y_column = _flat(y)
    way, slope, bias = finish.way, finish.slope, finish.bias
    if n <= FEW and x_step == 1:
        shape = m, depth, n, n, 1
        launch(_dot_rows, left, x_row, right, y_step, y_column, bias, slope, flat, shape)
    elif n <= FEW and way == PLAIN:
        launch(_add_columns, left, x_step, right, y_step, y_column, flat, (m, depth, n, n, 1))
    elif m <= FEW and way == PLAIN and y_step == 1:  # the same of the transposes
        launch(_dot_rows, right, y_column, left, x_step, x_row, bias, slope, flat, (n, depth, m, 1, n))
    elif m <= FEW and way == PLAIN:
        launch(_add_columns, right, y_step, left, x_step, x_row, flat, (n, depth, m, 1, n))
    elif depth <= FEW and m >= ROWS and n % (WIDTH // z.itemsize) == 0:
        shape = m, depth, n, min(workers, -(-m // ROWS)), 1
        launch(_multiply_few, left, x_row, x_step, right, y_step, y_column, shape, *finish, flat)
    else:
        by_rows, by_columns = _shares(m, n, y_column != 1, z.itemsize, workers)
        shape = m, depth, n, by_rows, by_columns
        launch(_multiply, left, x_row, x_step, right, y_step, y_column, shape, *finish, flat)


def _flat(a: Array) -> tuple[Array, int, int]:
    """The matrix in flat memory, a copy if it is not contiguous; and the steps of its two axes there."""
    flags = a.flags
    if not flags.forc or not flags.aligned or not flags.writeable:
        a = np.array(a, order="C")
        flags = a.flags
    if flags.c_contiguous:
        return a.reshape(-1), a.shape[1], 1
    return a.T.reshape(-1), 1, a.shape[0]


def _shares(m: int, n: int, packs: bool, itemsize: int, workers: int) -> tuple[int, int]:
    """Into how many shares of rows or of columns to divide the product: the busiest ends soonest."""
    lanes = TILE.lanes(itemsize)
    panels, columns = -(-m // ROWS), -(-n // lanes)
    by_rows, by_columns = min(workers, panels), min(workers, columns)
    packing = PACKING if packs else 0
    rows, part = -(-panels // by_rows) * ROWS, -(-columns // by_columns) * lanes
    if columns * lanes * (rows + packing) <= LOCAL * part * (panels * ROWS + packing):
        return by_rows, 1
    return 1, by_columns


Shape = tuple[int, int, int, int, int]


@inner_jit
def _fill_vectors(y: Array, step: int, column: int, vectors: Array) -> None:
    """The columns of y as rows of their own: vectors[j, k] = y[k step + j column]."""
    for j in range(vectors.shape[0]):
        for k in range(vectors.shape[1]):
            vectors[j, k] = y[k * step + j * column]


@jit
def _dot_rows(
    x: Array,
    x_row: int,
    y: Array,
    y_step: int,
    y_column: int,
    bias: Array,
    slope: float,
    z: Array,
    shape: Shape,
) -> None:
    """z[i z_row + j z_column] = sum over k of x[i x_row + k] y[k, j]."""
    rows, depth, columns, _, _ = shape
    vectors = np.empty((columns, depth), y.dtype)
    _fill_vectors(y, y_step, y_column, vectors)
    parallel_for((rows + BLOCK - 1) // BLOCK, _dot_block, x, x_row, vectors, bias, slope, z, shape)


@inner_jit
def _dot_block(
    block: int, x: Array, x_row: int, vectors: Array, bias: Array, slope: float, z: Array, shape: Shape
) -> None:
    """BLOCK rows."""
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
def _add_columns(x: Array, x_step: int, y: Array, y_step: int, y_column: int, z: Array, shape: Shape) -> None:
    """z[i z_row + j z_column] = sum over k of x[i + k x_step] y[k, j]."""
    rows, depth, columns, _, _ = shape
    vectors = np.empty((columns, depth), y.dtype)
    _fill_vectors(y, y_step, y_column, vectors)
    parallel_for((rows + CHUNK - 1) // CHUNK, _add_chunk, x, x_step, vectors, z, shape)


@inner_jit
def _add_chunk(chunk: int, x: Array, x_step: int, vectors: Array, z: Array, shape: Shape) -> None:
    """CHUNK rows."""
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
    """Add the sums to ``wide``, in float64, and begin them anew."""
    for j in range(sums.shape[0]):
        for i in range(sums.shape[1]):
            wide[j, i] += np.float64(sums[j, i])
            sums[j, i] = 0


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
def _pack_columns(
    y: Array, start: int, step: int, column: int, depth: int, count: int, lanes: int, out: Array
) -> None:
    """out[k, l] = y[start + k step + l column] for k < depth, l < count; 0 for count <= l < lanes."""
    if column == 1 or count < lanes:
        _copy_block(y[start:], column, step, count, depth, lanes, out)
        return
    width = WIDTH // out.itemsize
    for lane in range(0, lanes, width):
        transpose(y, start + lane * column, column, width, depth, out, lane, lanes)


@inner_jit
def _multiply_share(
    worker: int,
    x: Array,
    x_row: int,
    x_step: int,
    y: Array,
    y_step: int,
    y_column: int,
    shape: Shape,
    way: int,
    slope: float,
    bias: Array,
    own: Array,
    totals: Array,
    z: Array,
) -> None:
    """A share of the panels of rows times a share of those of columns."""
    m, depth, n, by_rows, by_columns = shape
    lanes = TILE.vectors * WIDTH // z.itemsize
    panels, columns = (m + ROWS - 1) // ROWS, (n + lanes - 1) // lanes
    own_row, own_column = worker // by_columns, worker % by_columns
    top, bottom = own_row * panels // by_rows, (own_row + 1) * panels // by_rows
    left, right = own_column * columns // by_columns, (own_column + 1) * columns // by_columns
    packed, spare = np.empty(DEPTH * lanes, z.dtype), np.zeros(ROWS * lanes, z.dtype)
    rest, offsets = np.empty(DEPTH * ROWS if m < ROWS else 0, z.dtype), np.zeros(lanes, z.dtype)
    factor = z.dtype.type(slope)
    for panel in range(left, right):
        column = panel * lanes
        width = min(lanes, n - column)
        if bias.size > 0:
            offsets[:width] = bias[column : column + width]
        for first in range(0, depth, DEPTH):
            count = min(DEPTH, depth - first)
            ending = way if first + count == depth else PLAIN
            source, start, step = y, first * y_step + column * y_column, y_step
            if y_column != 1 or width < lanes:
                _pack_columns(y, start, y_step, y_column, count, width, lanes, packed)
                source, start, step = packed, 0, lanes
            for p in range(top, bottom):
                # (ROWS, count) @ (count, lanes) -> (ROWS, lanes); the last rows are read with some before
                row = max(0, min(p * ROWS, m - ROWS))
                rows, r_step, k_step, origin = x, x_row, x_step, row * x_row + first * x_step
                if m < ROWS:
                    _copy_block(x[origin:], x_row, x_step, m, count, ROWS, rest)
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
                        gate_panel(z, own, place, n, height, width, factor, z, totals, p * n + column)


@jit
def _multiply(
    x: Array,
    x_row: int,
    x_step: int,
    y: Array,
    y_step: int,
    y_column: int,
    shape: Shape,
    way: int,
    slope: float,
    bias: Array,
    own: Array,
    sums: Array,
    z: Array,
) -> None:
    """z = x @ y and the layer's rest."""
    m, _, n, by_rows, by_columns = shape
    totals = np.empty((m + ROWS - 1) // ROWS * n if way == GATED else 0, z.dtype)
    parallel_for(
        by_rows * by_columns, _multiply_share, x, x_row, x_step, y, y_step, y_column, shape,
        way, slope, bias, own, totals, z,
    )  # fmt: skip
    add_panels(totals, sums)


@jit
def _multiply_few(
    x: Array,
    x_row: int,
    x_step: int,
    y: Array,
    y_step: int,
    y_column: int,
    shape: Shape,
    way: int,
    slope: float,
    bias: Array,
    own: Array,
    sums: Array,
    z: Array,
) -> None:
    """z = x @ y and the layer's rest where x has few columns and n is a multiple of the vector's width."""
    m, depth, n, shares, _ = shape
    totals = np.empty((m + ROWS - 1) // ROWS * n if way == GATED else 0, z.dtype)
    vectors = np.empty((1 + depth, n), y.dtype)
    for j in range(n):
        vectors[0, j] = bias[j] if way == ACTIVATED else 0
    _fill_vectors(y, y_column, y_step, vectors[1:])
    parallel_for(shares, _few_share, x, x_row, x_step, vectors.reshape(-1), shape, way, slope, own, totals, z)
    add_panels(totals, sums)


@inner_jit
def _few_share(
    share: int,
    x: Array,
    x_row: int,
    x_step: int,
    vectors: Array,
    shape: Shape,
    way: int,
    slope: float,
    own: Array,
    totals: Array,
    z: Array,
) -> None:
    """A share of the panels of rows."""
    m, depth, n, shares, _ = shape
    panels, factor = (m + ROWS - 1) // ROWS, z.dtype.type(slope)
    for p in range(share * panels // shares, (share + 1) * panels // shares):
        row = min(p * ROWS, m - ROWS)  # the last panel may begin in the one before it
        place, total = row * n, p * n
        multiply_shallow(
            x, row * x_row, x_row, x_step, depth, vectors, n, z, place, way, factor, own, totals, total
        )
        if way == GATED and row < p * ROWS:
            for j in range(n):
                totals[total + j] = 0
            for i in range(p * ROWS, m):
                for j in range(n):
                    totals[total + j] += z[i * n + j]
