"""What all products share: a matrix in flat memory, how a product is finished, and packing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from minigrad.kernels.cpu.runtime.compiling import DTYPES
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.tiles.packing import Rows, transpose
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, ADDED, GATED, PLAIN
from minigrad.types import Array


class Matrix(NamedTuple):
    """A matrix in flat memory: element (i, j) lies at i row_step + j column_step."""

    memory: Array
    row_step: int
    column_step: int
    rows: int
    columns: int


@intrinsic
def memory_of(typingctx: Any, a: Any) -> Any:
    """The elements of a contiguous array, in any order, as an array of one axis that does not keep them."""
    flat_type = types.Array(a.dtype, 1, "C")

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        whole = context.make_array(signature.args[0])(context, builder, values[0])
        memory = context.make_array(flat_type)(context, builder)
        count, size = whole.nitems, whole.itemsize
        populate_array(memory, whole.data, [count], [size], size, meminfo=None)
        return memory._getvalue()

    return flat_type(a), generate


def lying(a: Array) -> Array:
    """The matrix, or a copy if compiled code cannot read it where it lies."""
    flags = a.flags
    return a if flags.forc and flags.aligned else np.array(a, order="C")


class Finish(NamedTuple):
    """What happens to a product z before it is stored.

    PLAIN: nothing. ACTIVATED: leaky_relu(z + bias). GATED: slope * z where ``own`` is not above 0; ``sums``
    is then the sum over the rows. ADDED: own + z. bias and sums (n,), own (m n,), or (0,) where they have no
    part.
    """

    way: int
    slope: float
    bias: Array
    own: Array
    sums: Array


PlainFinish = tuple[int, float, Array, Array, Array]
"""A Finish as Python calls compiled code with it: to unpack a named tuple takes three times as long."""

NONE = {dtype: np.zeros(0, dtype) for dtype in DTYPES}
AS_IT_IS: dict[np.dtype[np.generic], PlainFinish] = {
    dtype: (PLAIN, 1.0, none, none, none) for dtype, none in NONE.items()
}


def activated(bias: Array, slope: float) -> PlainFinish:
    """leaky_relu(z + bias)."""
    none = NONE[bias.dtype]
    return ACTIVATED, slope, bias, none, none


def gated(own: Array, slope: float, sums: Array) -> PlainFinish:
    """z where ``own`` is above 0, else slope * z, and its sum over the rows."""
    return GATED, slope, NONE[own.dtype], own.reshape(-1), sums


def added(total: Array) -> PlainFinish:
    """total + z."""
    none = NONE[total.dtype]
    return ADDED, 1.0, none, total.reshape(-1), none


@inner_jit
def copy_runs(
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
def pack_columns(y: Matrix, first: int, depth: int, column: int, lanes: int, out: Array) -> None:
    """out[k, l] = y[first + k, column + l] for k < depth; 0 past the last column."""
    count = min(lanes, y.columns - column)
    start = first * y.row_step + column * y.column_step
    if y.column_step == 1:
        copy_runs(y.memory, start, y.row_step, depth, count, lanes, out, 0)
        return
    if count < lanes:
        out[: depth * lanes] = 0
    transpose(Rows(y.memory, start, y.column_step), Rows(out, 0, lanes), count, depth)
