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
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED, PLAIN, Finish

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
    finish: Any,
    slope: Any,
    own: Any,
    totals: Any,
    t0: Any,
) -> Any:
    """c[c0 + r columns + j] = sum over k < count of a[a0 + r a_row + k a_step] b[b0 + k columns + j].

    For r < rows and j < columns, a multiple of the vector's width; count is 1 to MOST. If ``finish`` is
    ACTIVATED, of that sum plus b[b0 - columns + j] the leaky ReLU; if it is GATED, what is not above 0 in
    ``own``, which lies as c does, is multiplied by the slope, and added to totals[t0 + j], row after row. All
    arrays are contiguous, of one axis and one float type. Nothing checks bounds.
    """
    size = types.int64
    return types.void(a, *[size] * 5, b, size, size, c, size, size, a.dtype, own, totals, size), _emit


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    done = builder.append_basic_block("shallow.done")
    for way in (PLAIN, ACTIVATED, GATED):
        for count in range(1, MOST + 1):
            here = [builder.icmp_signed("==", values[k], I64(own)) for k, own in ((4, count), (11, way))]
            with builder.if_then(builder.and_(*here)):
                _emit_rows(emit, signature, values, count, way)
                builder.branch(done)
    builder.branch(done)
    builder.position_at_end(done)
    return context.get_dummy_value()


def _emit_rows(emit: Emitter, signature: Any, values: Any, count: int, way: int) -> None:
    """The rows of c, one after the other, each from its ``count`` factors in registers."""
    builder, (a_row, a_step), rows, columns = emit.builder, values[2:4], values[5], values[8]
    a, first, c, own, totals = (
        emit.pointer(signature.args[k], values[k], place)
        for k, place in ((0, values[1]), (6, values[7]), (9, values[10]), (13, values[10]), (14, values[15]))
    )
    b = [builder.gep(first, [builder.mul(columns, I64(k))]) for k in range(-1, count)]
    finish = Finish(emit, values[12])
    with cgutils.for_range(builder, rows, intp=I64) as row:
        start, line = (builder.mul(row.index, step) for step in (a_row, columns))
        factors = [
            emit.broadcast(builder.load(builder.gep(a, [builder.add(start, builder.mul(a_step, I64(k)))])))
            for k in range(count)
        ]
        with cgutils.for_range_slice(builder, I64(0), columns, I64(emit.width), I64) as (j, _):
            total, place = emit.constant(0.0), builder.add(line, j)
            for factor, right in zip(factors, b[1:], strict=True):
                total = emit.multiply_add(factor, emit.load(emit.vector_at(right, j)), total)
            if way == ACTIVATED:
                total = finish.activate(total, emit.load(emit.vector_at(b[0], j)))
            if way == GATED:
                total = finish.gate(total, emit.load(emit.vector_at(own, place)))
                summed = emit.vector_at(totals, j)
                emit.store(emit.add_in_order(emit.load(summed), total), summed)
            emit.store(total, emit.vector_at(c, place))
