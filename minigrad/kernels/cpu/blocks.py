"""Blocks of pixels: the sum of each, and one pixel for all of a block. Each reads and writes memory once.

``sum_blocks`` makes a row of its result of as many rows of x as a block has, and ``fill_blocks`` makes as
many of one: all rows of all images are one axis here. Columns in twos, the usual case, are a loop of their
own, which the compiler turns into vectors.
"""

from __future__ import annotations

from collections.abc import Callable

from minigrad.kernels import launching
from minigrad.kernels.checks import check_blocks, output
from minigrad.kernels.cpu.runtime.compiling import SMALL, checked, contiguous, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array

__all__ = ["fill_blocks", "sum_blocks"]

CHUNK = 1 << 15  # elements of the larger array for one iteration; a smaller one runs on one thread


@inner_jit
def _sum(chunk: int, x: Array, columns: int, scale: float, height: int, y: Array) -> None:
    rows, factor = len(x) // len(y), x.dtype.type(scale)
    for i in range(chunk * height, min((chunk + 1) * height, len(y))):
        result = y[i]
        for a in range(rows):
            own = x[i * rows + a]
            if a == 0:
                result[:] = 0
            if columns == 2:
                for j in range(result.size):
                    result[j] += own[2 * j] + own[2 * j + 1]
            else:
                for j in range(result.size):
                    total = own[j * columns]
                    for b in range(1, columns):
                        total += own[j * columns + b]
                    result[j] += total
        for j in range(result.size):
            result[j] *= factor


@jit
def _sum_chunks(x: Array, columns: int, scale: float, height: int, y: Array) -> None:
    parallel_for((len(y) + height - 1) // height, _sum, x, columns, scale, height, y)


@inner_jit
def _fill(chunk: int, x: Array, columns: int, scale: float, height: int, y: Array) -> None:
    rows, factor = len(y) // len(x), x.dtype.type(scale)
    for i in range(chunk * height, min((chunk + 1) * height, len(x))):
        own, result = x[i], y[i * rows]
        if columns == 2:
            for j in range(own.size):
                value = factor * own[j]
                result[2 * j] = value
                result[2 * j + 1] = value
        else:
            for j in range(own.size):
                for b in range(columns):
                    result[j * columns + b] = factor * own[j]
        for a in range(1, rows):
            y[i * rows + a, :] = result


@jit
def _fill_chunks(x: Array, columns: int, scale: float, height: int, y: Array) -> None:
    parallel_for((len(x) + height - 1) // height, _fill, x, columns, scale, height, y)


def sum_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale times the sum of x[..., i rows + a, j columns + b] over a < rows, b < columns.

    x (..., h, w) -> (..., h / rows, w / columns). TypeError unless x is float32 or float64, ValueError unless
    the sides divide.
    """
    checked("sum_blocks", x)
    *batch, h, w = check_blocks("sum_blocks", x, rows, columns)
    y = output("sum_blocks", out, (*batch, h // rows, w // columns), x.dtype)
    if y.size:
        _launch(_sum_chunks, contiguous(x).reshape(-1, w), columns, scale, y.reshape(-1, w // columns))
    return y


def fill_blocks(x: Array, rows: int, columns: int, scale: float, *, out: Array | None = None) -> Array:
    """y[..., i, j] = scale x[..., i // rows, j // columns]: the derivative of sum_blocks.

    x (..., h, w) -> (..., h rows, w columns). TypeError unless x is float32 or float64.
    """
    checked("fill_blocks", x)
    *batch, h, w = check_blocks("fill_blocks", x)
    y = output("fill_blocks", out, (*batch, h * rows, w * columns), x.dtype)
    if y.size:
        _launch(_fill_chunks, contiguous(x).reshape(-1, w), columns, scale, y.reshape(-1, w * columns))
    return y


def _launch(function: Callable[..., None], x: Array, columns: int, scale: float, y: Array) -> None:
    """One iteration takes as many whole blocks as ``CHUNK`` has elements of the larger array."""
    elements, count = max(x.size, y.size), min(len(x), len(y))
    height = max(1, CHUNK * count // elements)
    if height >= count:
        launching.launch(function, x, columns, float(scale), height, y)
    else:
        with launch(SMALL):
            launching.launch(function, x, columns, float(scale), height, y)
