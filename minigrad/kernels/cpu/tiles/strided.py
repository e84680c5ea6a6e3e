"""The tile's product with rows read where they lie, and how it is finished before it is stored.

With small operands, packing the rows would cost as much as multiplying them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, ROWS, TILE, Emitter

GROUP = 4  # rows that are addressed from one pointer, by multiples of the step

PLAIN, ACTIVATED, GATED = (
    0,
    1,
    2,
)  # the sums; leaky_relu(sum + bias); the sums, gated by an output


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
    finish: Any,
    slope: Any,
    bias: Any,
    bias0: Any,
    own: Any,
    own0: Any,
    own_row: Any,
    totals: Any,
    totals0: Any,
) -> Any:
    """c[c0 + r c_row + l] += sum over k < count of a[a0 + r a_row + k a_step] b[b0 + k b_step + l].

    For r over the rows and l over the tile's lanes. If ``fresh``, what c holds before counts as zero. If
    ``finish`` is ACTIVATED, bias[bias0 + l] is added then, and what is at most 0 is multiplied by the slope
    (0 if that is 0); if it is GATED, that is done where own[own0 + r own_row + l] is not above 0, and
    totals[totals0 + l] is the sum over r. All arrays are contiguous, of one axis and one float type. Nothing
    checks bounds.
    """
    size = types.int64
    operands = (a, size, size, size, b, size, size, size)
    rest = (size, a.dtype, bias, size, own, size, size, totals, size)
    return types.void(*operands, c, size, size, types.boolean, *rest), _emit


class Finish:
    """What is done to vectors of sums, as instructions."""

    def __init__(self, emit: Emitter, slope: Any) -> None:
        self.emit, self.builder, self.zero = emit, emit.builder, emit.constant(0.0)
        self.factor = emit.broadcast(slope)
        self.some = emit.builder.fcmp_unordered("!=", self.factor, self.zero)  # of vectors: no branches

    def activate(self, value: Any, offset: Any) -> Any:
        """leaky_relu(value + offset)."""
        value = self.builder.fadd(value, offset)
        return self.builder.select(self.builder.fcmp_ordered("<=", value, self.zero), self._low(value), value)

    def gate(self, value: Any, own: Any) -> Any:
        """The value where ``own`` is above 0."""
        above = self.builder.fcmp_ordered(">", own, self.zero)
        return self.builder.select(above, value, self._low(value))

    def _low(self, value: Any) -> Any:
        """The slope times the value; 0 times infinity is NaN."""
        return self.builder.select(self.some, self.builder.fmul(self.factor, value), self.zero)


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    a, a_row, a_step = emit.pointer(signature.args[0], values[0], values[1]), values[2], values[3]
    b, b_step, count = emit.pointer(signature.args[4], values[4], values[5]), values[6], values[7]
    c, c_row = emit.pointer(signature.args[8], values[8], values[9]), values[10]
    kept = builder.not_(builder.trunc(values[11], ir.IntType(1)))
    way, slope = values[12], values[13]
    bias = emit.pointer(signature.args[14], values[14], values[15])
    own, own_row = emit.pointer(signature.args[16], values[16], values[17]), values[18]
    totals = emit.pointer(signature.args[19], values[19], values[20])

    places = [(r, v) for r in range(ROWS) for v in range(TILE.vectors)]
    targets = [
        emit.vector_at(c, builder.add(builder.mul(c_row, I64(r)), I64(v * emit.width))) for r, v in places
    ]
    zero = emit.constant(0.0)
    owns = [
        emit.vector_at(own, builder.add(builder.mul(own_row, I64(r)), I64(v * emit.width))) for r, v in places
    ]
    with builder.if_then(builder.icmp_signed("==", way, I64(GATED))):  # they arrive while the sums are made
        for place in owns:
            emit.prefetch(place, 0)
    begin, start = builder.block, [zero] * len(places)
    loop, summed, held, finished, plain, activate, gate, done = (
        builder.append_basic_block(f"tile.{name}")
        for name in ("loop", "summed", "held", "finished", "plain", "activate", "gate", "done")
    )
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
    fresh = choice_of(builder, (start, begin), (new, loop))
    builder.cbranch(kept, held, finished)

    builder.position_at_end(held)  # a long sum is a sum of blocks: term by term, it would lose digits
    added = [builder.fadd(emit.load(target), value) for value, target in zip(fresh, targets, strict=True)]
    builder.branch(finished)

    builder.position_at_end(finished)
    result = choice_of(builder, (fresh, summed), (added, held))
    choice = builder.switch(way, plain)
    choice.add_case(I64(ACTIVATED), activate)
    choice.add_case(I64(GATED), gate)

    # each way has stores of its own: common ones would cost moves between registers
    builder.position_at_end(plain)
    for value, target in zip(result, targets, strict=True):
        emit.store(value, target)
    builder.branch(done)

    builder.position_at_end(activate)
    finish = Finish(emit, slope)
    offsets = [emit.load(emit.vector_at(bias, I64(v * emit.width))) for v in range(TILE.vectors)]
    for (_, v), value, target in zip(places, result, targets, strict=True):
        emit.store(finish.activate(value, offsets[v]), target)
    builder.branch(done)

    builder.position_at_end(gate)
    finish, totalled = Finish(emit, slope), [zero] * TILE.vectors
    for (_, v), value, target, place in zip(places, result, targets, owns, strict=True):
        gated = finish.gate(value, emit.load(place))
        emit.store(gated, target)
        totalled[v] = emit.add_in_order(totalled[v], gated)
    for v, value in enumerate(totalled):
        emit.store(value, emit.vector_at(totals, I64(v * emit.width)))
    builder.branch(done)

    builder.position_at_end(done)
    return context.get_dummy_value()


def choice_of(builder: ir.IRBuilder, *ways: tuple[list[Any], Any]) -> list[Any]:
    """Values by the block that control came from: ``ways`` are (values, block)."""
    found = []
    for i, value in enumerate(ways[0][0]):
        phi = builder.phi(value.type)
        for values, block in ways:
            phi.add_incoming(values[i], block)
        found.append(phi)
    return found
