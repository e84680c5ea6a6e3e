"""The product of rows with few elements and as many long rows: one pass over the result, in its order.

With so few terms, a tile of the usual kind would spend most of its time loading and storing registers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, Emitter
from minigrad.kernels.cpu.tiles.strided import Finish

MOST = 4  # terms


@intrinsic
def multiply_shallow(
    typingctx: Any,
    a: Any,
    a0: Any,
    a_row: Any,
    a_step: Any,
    count: Any,
    rows: Any,
    b: Any,
    b0: Any,
    columns: Any,
    c: Any,
    c0: Any,
    activated: Any,
    slope: Any,
) -> Any:
    """c[c0 + r columns + j] = sum over k < count of a[a0 + r a_row + k a_step] b[b0 + k columns + j].

    For r < rows and j < columns, a multiple of the vector's width; count is 1 to MOST. If ``activated``, of
    that sum plus b[b0 - columns + j] the leaky ReLU. All arrays are contiguous, of one axis and one float
    type. Nothing checks bounds.
    """
    size = types.int64
    return types.void(a, *[size] * 5, b, size, size, c, size, types.boolean, a.dtype), _emit


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    activated = builder.trunc(values[11], ir.IntType(1))
    done = builder.append_basic_block("shallow.done")
    choice = builder.switch(values[4], done)
    for count in range(1, MOST + 1):
        block = builder.append_basic_block(f"shallow.{count}")
        choice.add_case(I64(count), block)
        builder.position_at_end(block)
        with builder.if_else(activated) as (with_bias, plain):
            with with_bias:
                _emit_rows(emit, signature, values, count, Finish(emit, values[12]))
            with plain:
                _emit_rows(emit, signature, values, count, None)
        builder.branch(done)
    builder.position_at_end(done)
    return context.get_dummy_value()


def _emit_rows(emit: Emitter, signature: Any, values: Any, count: int, finish: Finish | None) -> None:
    """The rows of c, one after the other, each from its ``count`` factors in registers."""
    builder, (a_row, a_step), rows, columns = emit.builder, values[2:4], values[5], values[8]
    a = emit.pointer(signature.args[0], values[0], values[1])
    first = emit.pointer(signature.args[6], values[6], values[7])
    b = [builder.gep(first, [builder.mul(columns, I64(k))]) for k in range(-1, count)]
    c = emit.pointer(signature.args[9], values[9], values[10])
    with cgutils.for_range(builder, rows, intp=I64) as row:
        start, line = (builder.mul(row.index, step) for step in (a_row, columns))
        factors = [
            emit.broadcast(builder.load(builder.gep(a, [builder.add(start, builder.mul(a_step, I64(k)))])))
            for k in range(count)
        ]
        with cgutils.for_range_slice(builder, I64(0), columns, I64(emit.width), I64) as (j, _):
            total = emit.constant(0.0)
            for factor, right in zip(factors, b[1:], strict=True):
                total = emit.multiply_add(factor, emit.load(emit.vector_at(right, j)), total)
            if finish is not None:
                total = finish.activate(total, emit.load(emit.vector_at(b[0], j)))
            emit.store(total, emit.vector_at(c, builder.add(line, j)))
