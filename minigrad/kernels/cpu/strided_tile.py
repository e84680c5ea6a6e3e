"""The tile's product with rows read where they lie, and bias and leaky ReLU before it is stored.

Where operands are small, to pack rows costs as much as their product.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.tile import I64, ROWS, TILE, Emitter

GROUP = 4  # rows that one pointer serves: beside it stand the multiples of the step that addresses can hold


@intrinsic
def multiply_strided(
    typingctx: Any,
    a: Any,
    a0: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b0: Any,
    b_step: Any,
    count: Any,
    c: Any,
    c0: Any,
    c_row: Any,
    fresh: Any,
    bias: Any,
    bias0: Any,
    slope: Any,
    last: Any,
) -> Any:
    """c[c0 + r c_row + l] += sum over k < count of a[a0 + r a_row + k a_step] b[b0 + k b_step + l].

    For r over the rows and l over the tile's lanes. If `fresh`, what c holds before counts as zero. If
    `last`, bias[bias0 + l] is added then, and what is at most 0 is multiplied by the slope (0 if that is 0).
    a, b, c, bias: contiguous arrays of one axis and one float type. Nothing checks bounds.
    """
    size, flag = types.int64, types.boolean
    operands = (a, size, size, size, b, size, size, size)
    return types.void(*operands, c, size, size, flag, bias, size, a.dtype, flag), _emit


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    a, a_row, a_step = emit.pointer(signature.args[0], values[0], values[1]), values[2], values[3]
    b, b_step, count = emit.pointer(signature.args[4], values[4], values[5]), values[6], values[7]
    c, c_row = emit.pointer(signature.args[8], values[8], values[9]), values[10]
    kept = builder.not_(builder.trunc(values[11], ir.IntType(1)))
    bias = emit.pointer(signature.args[12], values[12], values[13])
    slope, last = values[14], builder.trunc(values[15], ir.IntType(1))

    places = [(r, v) for r in range(ROWS) for v in range(TILE.vectors)]
    targets = [
        emit.vector_at(c, builder.add(builder.mul(c_row, I64(r)), I64(v * emit.width))) for r, v in places
    ]
    zero = emit.constant(0.0)
    entry = builder.block
    held, begin, loop, summed, activate, store = (
        builder.append_basic_block(f"tile.{name}")
        for name in ("held", "begin", "loop", "summed", "activate", "store")
    )
    builder.cbranch(kept, held, begin)
    builder.position_at_end(held)
    before = [emit.load(target) for target in targets]
    builder.branch(begin)

    builder.position_at_end(begin)
    start = _choice(builder, ([zero] * len(places), entry), (before, held))
    multiples = [builder.mul(a_row, I64(i)) for i in range(GROUP)]
    heads = [builder.gep(a, [builder.mul(a_row, I64(r))]) for r in range(0, ROWS, GROUP)]
    builder.cbranch(builder.icmp_signed(">", count, I64(0)), loop, summed)

    builder.position_at_end(loop)
    k, column = builder.phi(I64), builder.phi(b.type)
    rows = [builder.phi(a.type) for _ in heads]
    sums = [builder.phi(emit.vector) for _ in places]
    right = [emit.load(emit.vector_at(column, I64(v * emit.width))) for v in range(TILE.vectors)]
    new = []
    for r in range(ROWS):
        left = emit.broadcast(builder.load(builder.gep(rows[r // GROUP], [multiples[r % GROUP]])))
        new += [emit.multiply_add(left, right[v], sums[r * TILE.vectors + v]) for v in range(TILE.vectors)]
    following = [builder.add(k, I64(1)), builder.gep(column, [b_step])]
    following += [builder.gep(row, [a_step]) for row in rows]
    builder.cbranch(builder.icmp_signed("<", following[0], count), loop, summed)
    for phi, first, next_one in zip(
        [k, column, *rows, *sums], [I64(0), b, *heads, *start], [*following, *new], strict=True
    ):
        phi.add_incoming(first, begin)
        phi.add_incoming(next_one, loop)

    builder.position_at_end(summed)
    result = _choice(builder, (start, begin), (new, loop))
    builder.cbranch(last, activate, store)

    builder.position_at_end(activate)
    offsets = [emit.load(emit.vector_at(bias, I64(v * emit.width))) for v in range(TILE.vectors)]
    factor, some = emit.broadcast(slope), builder.fcmp_unordered("!=", slope, slope.type(0.0))
    activated = []
    for (_, v), value in zip(places, result, strict=True):
        value = builder.fadd(value, offsets[v])
        low = builder.select(some, builder.fmul(factor, value), zero)  # 0 times infinity is NaN
        activated.append(builder.select(builder.fcmp_ordered("<=", value, zero), low, value))
    builder.branch(store)

    builder.position_at_end(store)
    for value, target in zip(_choice(builder, (result, summed), (activated, activate)), targets, strict=True):
        emit.store(value, target)
    return context.get_dummy_value()


def _choice(builder: ir.IRBuilder, *ways: tuple[list[Any], Any]) -> list[Any]:
    """Values by the block that control came from: ``ways`` are (values, block)."""
    found = []
    for i, value in enumerate(ways[0][0]):
        phi = builder.phi(value.type)
        for values, block in ways:
            phi.add_incoming(values[i], block)
        found.append(phi)
    return found
