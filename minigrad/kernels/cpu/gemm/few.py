"""Products with a few columns, which are vectors then, or with a few terms, which need no packing.

They move more than they multiply, and small ones take less time than their call. So one compiled function
reads the factors where they lie and chooses.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from minigrad.kernels.cpu.bias import add_panels
from minigrad.kernels.cpu.gemm.operands import Finish, Matrix, memory_of
from minigrad.kernels.cpu.runtime.compiling import by_dtype
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for, threads_allowed
from minigrad.kernels.cpu.tiles.product import DEPTH, LINE, multiply_line, multiply_lines
from minigrad.kernels.cpu.tiles.registers import ROWS, WIDTH
from minigrad.kernels.cpu.tiles.runs import SUMS, dot_rows, dot_rows_with_two
from minigrad.kernels.cpu.tiles.shallow import MOST, multiply_shallow
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED, PLAIN
from minigrad.types import Array

FEW = 4  # columns, each of which is a vector then, or terms
ALONE = 1 << 15  # elements that one thread reads and writes while two are started
LONG = 1 << 11  # terms of a dot product that are summed in the arrays' dtype

HERE = np.zeros(1, np.int64)

assert FEW <= MOST


def takes(x: Array, m: int, depth: int, n: int, way: int) -> bool:
    """Whether ``few`` has a way for x (m, depth) times a matrix (depth, n)."""
    if n <= FEW:
        return way == PLAIN or (way == ACTIVATED and bool(x.flags.c_contiguous))
    if m <= FEW:
        return way == PLAIN
    return depth <= FEW and n % (WIDTH // x.itemsize) == 0


def _kinds(element: Any) -> tuple[Any, ...]:
    factor, row, whole = (types.Array(element, *form) for form in ((2, "A"), (1, "C"), (2, "C")))
    return factor, factor, types.int64, types.float64, row, row, row, whole


@by_dtype(_kinds)
def few(x: Array, y: Array, way: int, slope: float, bias: Array, own: Array, sums: Array, z: Array) -> None:
    """z = finish(x @ y), where ``takes`` says so; x and y are contiguous in some order, or transposed.

    way, slope, bias, own and sums are those of a Finish.
    """
    (m, depth), n = x.shape, y.shape[1]
    left = Matrix(memory_of(x), x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, m, depth)
    right = Matrix(memory_of(y), y.strides[0] // y.itemsize, y.strides[1] // y.itemsize, depth, n)
    shares = 1 if m * depth + depth * n + m * n <= ALONE else threads_allowed()
    result, finish = memory_of(z), Finish(way, slope, bias, own, sums)
    if n <= FEW:
        _few_columns(left, right, bias, slope, shares, Matrix(result, n, 1, m, n))
    elif m <= FEW and way == PLAIN and (depth > FEW or n % (WIDTH // x.itemsize)):  # z^T = y^T @ x^T
        turned_left = Matrix(right.memory, right.column_step, right.row_step, n, depth)
        turned_right = Matrix(left.memory, left.column_step, left.row_step, depth, m)
        _few_columns(turned_left, turned_right, bias, slope, shares, Matrix(result, 1, n, n, m))
    else:
        _few_terms(left, right, finish, shares, result)


class Part(NamedTuple):
    """Rows of x from ``row`` on, terms from ``term`` on, and one or two columns of y from ``column`` on."""

    row: int
    rows: int
    term: int
    terms: int
    column: int
    columns: int


@inner_jit
def _few_columns(x: Matrix, y: Matrix, bias: Array, slope: float, shares: int, z: Matrix) -> None:
    """z[i, j] = sum over k of x[i, k] y[k, j]; leaky_relu of that + bias[j] if it has any.

    x is contiguous, with a bias in rows.
    """
    depth, columns = y.rows, y.columns
    in_rows = x.column_step == 1 or depth == 1
    vectors = Matrix(y.memory, y.column_step, y.row_step, columns, depth)
    fits = (y.row_step == 1 or depth == 1) if in_rows else (y.column_step == 1 or columns == 1)
    if not fits:
        row_step, column_step = (depth, 1) if in_rows else (1, columns)
        vectors = Matrix(np.empty(columns * depth, y.memory.dtype), row_step, column_step, columns, depth)
        for k in range(depth):
            for j in range(columns):
                element = y.memory[k * y.row_step + j * y.column_step]
                vectors.memory[j * row_step + k * column_step] = element
    if in_rows:
        parallel_for(shares, _dot_rows, shares, x, vectors, bias, slope, z)
    else:
        parallel_for(shares, _add_columns, shares, x, vectors, z)


@inner_jit
def _dot_rows(
    share: int, shares: int, x: Matrix, vectors: Matrix, bias: Array, slope: float, z: Matrix
) -> None:
    """A share of the blocks of rows of ``_few_columns``, as dot products; rows of ``vectors`` are runs."""
    depth, columns, factor = x.columns, vectors.rows, z.memory.dtype.type(slope)
    height = SUMS // min(2, columns)
    blocks = (x.rows + height - 1) // height
    begin, end = share * blocks // shares, (share + 1) * blocks // shares
    if depth <= LONG and z.row_step == columns and columns <= 2 and bias.size == 0:  # sums that lie as z does
        whole = min(end, x.rows // height)
        for b in range(begin, whole):
            part = Part(b * height, height, 0, depth, 0, columns)
            _dot_block(part, x, vectors, z.memory, b * height * z.row_step)
        begin = max(begin, whole)
    if begin == end:
        return
    some, wide = np.empty(SUMS, z.memory.dtype), np.empty(SUMS)
    for b in range(begin, end):
        first, rows = b * height, min(height, x.rows - b * height)
        for j in range(0, columns, 2):
            both = min(2, columns - j)
            wide[:] = 0
            for k in range(0, depth, LONG):
                _dot_block(Part(first, rows, k, min(LONG, depth - k), j, both), x, vectors, some, 0)
                for i in range(SUMS):
                    wide[i] += np.float64(some[i])
            for i in range(rows * both):
                total, column = z.memory.dtype.type(wide[i]), j + i % both
                if bias.size:
                    total += bias[column]
                    low = factor * total if factor != 0 else factor
                    total = low if total <= 0 else total
                z.memory[(first + i // both) * z.row_step + column * z.column_step] = total


@inner_jit
def _dot_block(part: Part, x: Matrix, vectors: Matrix, z: Array, at: int) -> None:
    """z[at + r columns + c] = sum over the part's k of x[row + r, k] vectors[column + c, k]."""
    start, place = part.row * x.row_step + part.term, part.column * vectors.row_step + part.term
    y, y_step = vectors.memory, vectors.row_step
    if part.columns == 2:
        dot_rows_with_two(x.memory, start, x.row_step, part.rows, y, place, y_step, part.terms, z, at)
    else:
        dot_rows(x.memory, start, x.row_step, part.rows, y, place, y_step, part.terms, z, at)


@inner_jit
def _add_columns(share: int, shares: int, x: Matrix, vectors: Matrix, z: Matrix) -> None:
    """A share of the rows of ``_few_columns``, a line of registers at a time; columns of x are contiguous."""
    lanes, columns, depth = LINE * WIDTH // x.memory.itemsize, vectors.rows, x.columns
    lines = (x.rows + lanes - 1) // lanes
    begin, end = share * lines // shares, (share + 1) * lines // shares
    if z.row_step == 1 and x.rows >= lanes and depth <= DEPTH:  # sums that lie as z does
        for b in range(begin, end):
            first = min(b * lanes, x.rows - lanes)  # the last line may begin in the one before it
            for j in range(0, columns, 2):
                part = Part(first, lanes, 0, depth, j, min(2, columns - j))
                _add_line(part, x, vectors, z.memory, first + j * z.column_step, z.column_step)
        return
    line, wide = np.empty(2 * lanes, z.memory.dtype), np.empty(2 * lanes)
    for b in range(begin, end):
        first, size = max(0, min(b * lanes, x.rows - lanes)), min(lanes, x.rows)
        for j in range(0, columns, 2):
            both = min(2, columns - j)
            wide[:] = 0
            for k in range(0, depth, DEPTH):
                _add_line(Part(first, size, k, min(DEPTH, depth - k), j, both), x, vectors, line, 0, lanes)
                for i in range(2 * lanes):
                    wide[i] += np.float64(line[i])
            for c in range(both):
                for i in range(size):
                    z.memory[(first + i) * z.row_step + (j + c) * z.column_step] = wide[c * lanes + i]


@inner_jit
def _add_line(part: Part, x: Matrix, vectors: Matrix, z: Array, at: int, z_column: int) -> None:
    """z[at + c z_column + i] = sum over the part's k of x[row + i, k] vectors[column + c, k]."""
    start, step = part.row * x.row_step + part.term * x.column_step, x.column_step
    factors, factor_step, count = vectors.memory, vectors.column_step, part.terms
    place = part.column * vectors.row_step + part.term * factor_step
    if part.rows < LINE * WIDTH // z.itemsize:
        for c in range(part.columns):
            sums = z[at + c * z_column : at + c * z_column + part.rows]
            sums[:] = 0
            for k in range(count):
                factor, own = factors[place + k * factor_step + c], x.memory[start + k * step :]
                for i in range(sums.size):
                    sums[i] += factor * own[i]
    elif part.columns == 2:
        multiply_lines(
            factors, place, factor_step, HERE, x.memory, start, step, HERE, 0, 1, count, z, at, z_column, True
        )
    else:
        multiply_line(
            factors, place, factor_step, HERE, x.memory, start, step, HERE, 0, 1, count, z, at, z_column, True
        )


@inner_jit
def _few_terms(x: Matrix, y: Matrix, finish: Finish, shares: int, z: Array) -> None:
    """z = finish(x @ y) in panels of rows, where n is a multiple of the vector's width."""
    m, depth, n = x.rows, x.columns, y.columns
    panels = (m + ROWS - 1) // ROWS
    totals = np.zeros(panels * n if finish.way == GATED else 0, z.dtype)
    vectors, place = y.memory, 0
    if finish.way == ACTIVATED or y.column_step != 1:  # the bias and the rows of y
        vectors, place = np.empty((1 + depth) * n, z.dtype), n
        for j in range(n):
            vectors[j] = finish.bias[j] if finish.way == ACTIVATED else 0
            for k in range(depth):
                vectors[(1 + k) * n + j] = y.memory[k * y.row_step + j * y.column_step]
    some = min(shares, panels)
    parallel_for(some, _term_panels, some, x, vectors, place, finish, totals, z)
    add_panels(totals, finish.sums)


@inner_jit
def _term_panels(
    share: int,
    shares: int,
    x: Matrix,
    vectors: Array,
    first: int,
    finish: Finish,
    totals: Array,
    z: Array,
) -> None:
    """A share of the panels of ``_few_terms``; the rows of y are in ``vectors``, from ``first`` on."""
    m, depth, n = x.rows, x.columns, z.size // x.rows
    panels, factor = (m + ROWS - 1) // ROWS, z.dtype.type(finish.slope)
    for p in range(share * panels // shares, (share + 1) * panels // shares):
        row, rows = p * ROWS, min(ROWS, m - p * ROWS)
        start, place = row * x.row_step, row * n
        # (rows, k) @ (k, n) -> (rows, n)
        multiply_shallow(
            x.memory, start, x.row_step, x.column_step, depth, rows, vectors, first, n, z, place,
            finish.way, factor, finish.own, totals, p * n,
        )  # fmt: skip
