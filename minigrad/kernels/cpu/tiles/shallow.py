"""The product of a panel of rows with few elements and as many long rows: one pass over the result.

With so few terms, a tile of the usual kind would spend most of its time loading and storing registers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, ROWS, Emitter
from minigrad.kernels.cpu.tiles.strided import ACTIVATED, GATED, Finish, choice_of


@intrinsic
def multiply_shallow(
    typingctx: Any,
    a: Any,
    a0: Any,
    a_row: Any,
    a_step: Any,
    count: Any,
    b: Any,
    columns: Any,
    c: Any,
    c0: Any,
    finish: Any,
    slope: Any,
    own: Any,
    totals: Any,
    totals0: Any,
) -> Any:
    """c[c0 + r columns + j] = sum over k < count of a[a0 + r a_row + k a_step] b[(k + 1) columns + j].

    For r over the rows and j < columns, a multiple of the vector's width. ``finish``, the slope, ``own``
    (which lies as c does) and totals[totals0 + j] as in ``multiply_strided``; the bias is b's first row. All
    arrays are contiguous, of one axis and one float type. Nothing checks bounds.
    """
    size = types.int64
    operands = a, size, size, size, size, b, size, c, size
    return types.void(*operands, size, a.dtype, own, totals, size), _emit


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    a, a_row, a_step = emit.pointer(signature.args[0], values[0], values[1]), values[2], values[3]
    count, columns, way = values[4], values[6], values[9]
    b = emit.pointer(signature.args[5], values[5], columns)
    biases = emit.pointer(signature.args[5], values[5], I64(0))
    c = emit.pointer(signature.args[7], values[7], values[8])
    own = emit.pointer(signature.args[11], values[11], values[8])
    totals = emit.pointer(signature.args[12], values[12], values[13])
    finish, zero = Finish(emit, values[10]), emit.constant(0.0)
    heads = [builder.mul(a_row, I64(r)) for r in range(ROWS)]
    lines = [builder.mul(columns, I64(r)) for r in range(ROWS)]

    entry = builder.block
    strip, loop, summed, activate, gate, store, done = (
        builder.append_basic_block(f"shallow.{name}")
        for name in ("strip", "loop", "summed", "activate", "gate", "store", "done")
    )
    builder.branch(strip)

    builder.position_at_end(strip)
    j = builder.phi(I64)
    builder.branch(loop)

    builder.position_at_end(loop)
    k = builder.phi(I64)
    sums = [builder.phi(emit.vector) for _ in range(ROWS)]
    right = emit.load(emit.vector_at(b, builder.add(builder.mul(k, columns), j)))
    start = builder.mul(k, a_step)
    new = [
        emit.multiply_add(
            emit.broadcast(builder.load(builder.gep(a, [builder.add(start, head)]))), right, total
        )
        for head, total in zip(heads, sums, strict=True)
    ]
    following = builder.add(k, I64(1))
    builder.cbranch(builder.icmp_signed("<", following, count), loop, summed)
    for phi, first, next_one in zip([k, *sums], [I64(0), *[zero] * ROWS], [following, *new], strict=True):
        phi.add_incoming(first, strip)
        phi.add_incoming(next_one, loop)

    builder.position_at_end(summed)
    choice = builder.switch(way, store)
    choice.add_case(I64(ACTIVATED), activate)
    choice.add_case(I64(GATED), gate)

    builder.position_at_end(activate)
    offset = emit.load(emit.vector_at(biases, j))
    activated = [finish.activate(value, offset) for value in new]
    builder.branch(store)

    builder.position_at_end(gate)
    gated, total = [], zero
    for value, line in zip(new, lines, strict=True):
        gated.append(finish.gate(value, emit.load(emit.vector_at(own, builder.add(line, j)))))
        total = emit.add_in_order(total, gated[-1])
    emit.store(total, emit.vector_at(totals, j))
    builder.branch(store)

    builder.position_at_end(store)
    results = choice_of(builder, (new, summed), (activated, activate), (gated, gate))
    for value, line in zip(results, lines, strict=True):
        emit.store(value, emit.vector_at(c, builder.add(line, j)))
    after = builder.add(j, I64(emit.width))
    builder.cbranch(builder.icmp_signed("<", after, columns), strip, done)
    j.add_incoming(I64(0), entry)
    j.add_incoming(after, store)
    builder.position_at_end(done)
    return context.get_dummy_value()
