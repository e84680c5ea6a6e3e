"""The tile's product with rows read where they lie, and how it is finished before it is stored.

Meanwhile it may copy the columns that it reads, for the next rows, and prefetches what the next tile reads:
the vector units leave time for both.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, ROWS, TILE, Emitter

GROUP = 4  # rows that are addressed from one pointer, by multiples of the step

# the sums; leaky_relu(sum + bias); the sums, gated by an output; another matrix, and the sums
PLAIN, ACTIVATED, GATED, ADDED = 0, 1, 2, 3


@intrinsic
def address(typingctx: Any, array: Any, index: Any) -> Any:
    """Where array[index] lies; the array is contiguous and has one axis.

    A kernel that chooses between addresses counts no references, as it would for arrays.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        return builder.ptrtoint(emit.pointer(signature.args[0], values[0], values[1]), I64)

    return types.int64(array, types.int64), generate


@intrinsic
def multiply_strided(
    typingctx: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    count: Any,
    copy: Any,
    copy_step: Any,
    ahead: Any,
    ahead_step: Any,
    c: Any,
    c_row: Any,
    low: Any,
    high: Any,
    nowhere: Any,
    fresh: Any,
    finish: Any,
    slope: Any,
    bias: Any,
    own: Any,
    own_row: Any,
    totals: Any,
) -> Any:
    """c[r c_row + l] += sum over k < count of a[r a_row + k a_step] b[k b_step + l].

    For low <= r < high, of the tile's rows, and l over its lanes; other rows of a are read too, and a row of
    lanes at ``nowhere`` is overwritten with theirs. Unless ``copy_step`` is 0, copy[k copy_step + l] =
    b[k b_step + l]. The cache lines of ahead[k ahead_step], which need not exist, are prefetched. If
    ``fresh``, what c holds before counts as zero. If ``finish`` is ACTIVATED, bias[l] is added then, and what
    is at most 0 is multiplied by the slope (0 if that is 0); if it is GATED, that is done where
    own[r own_row + l] is not above 0, and totals[l] is the sum over r; if it is ADDED, own[r own_row + l] is
    added. Arrays are addresses of elements of the slope's type.
    """
    size = types.int64
    operands = [size] * 15
    return types.void(*operands, types.boolean, size, slope, *[size] * 4), _emit


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
    emit = Emitter(context, builder, types.CPointer(signature.args[17]))
    a, a_row, a_step, b, b_step, count, copy, copy_step, ahead, ahead_step, c, c_row, low, high = values[:14]
    nowhere, fresh, way, slope, bias, own, own_row, totals = values[14:]
    kind = emit.element.as_pointer()
    a, b, copy, ahead, c, nowhere, bias, own, totals = (
        builder.inttoptr(place, kind) for place in (a, b, copy, ahead, c, nowhere, bias, own, totals)
    )
    kept = builder.not_(builder.trunc(fresh, ir.IntType(1)))
    places = [(r, v) for r in range(ROWS) for v in range(TILE.vectors)]
    zero = emit.constant(0.0)
    stored = [
        builder.and_(builder.icmp_signed("<=", low, I64(r)), builder.icmp_signed("<", I64(r), high))
        for r in range(ROWS)
    ]

    def vectors_of(base: Any, row_step: Any) -> list[Any]:
        """The tile's vectors in a matrix, or nowhere in their rows' place."""
        firsts = (builder.gep(base, [builder.mul(row_step, I64(r))]) for r in range(ROWS))
        chosen = [builder.select(some, row, nowhere) for some, row in zip(stored, firsts, strict=True)]
        return [emit.vector_at(chosen[r], I64(v * emit.width)) for r, v in places]

    owns = vectors_of(own, own_row)
    with builder.if_then(builder.icmp_signed(">=", way, I64(GATED))):  # they arrive while the sums are made
        for place in owns:
            emit.prefetch(place, 0)
    begin, start = builder.block, [zero] * len(places)
    some, loop, copying, summed, held, finished = (
        builder.append_basic_block(f"tile.{name}")
        for name in ("some", "loop", "copying", "summed", "held", "finished")
    )
    plain, activate, gate, add, done = (
        builder.append_basic_block(f"tile.{name}") for name in ("plain", "activate", "gate", "add", "done")
    )
    multiples = [builder.mul(a_row, I64(i)) for i in range(GROUP)]
    heads = [builder.gep(a, [builder.mul(a_row, I64(r))]) for r in range(0, ROWS, GROUP)]
    builder.cbranch(builder.icmp_signed(">", count, I64(0)), some, summed)
    builder.position_at_end(some)
    builder.cbranch(builder.icmp_signed("!=", copy_step, I64(0)), copying, loop)

    def sum_in(block: Any, copies: bool) -> list[Any]:
        """The loop over the terms; returns the sums behind it."""
        builder.position_at_end(block)
        k, column, copied, later = builder.phi(I64), *(builder.phi(b.type) for _ in range(3))
        rows = [builder.phi(a.type) for _ in heads]
        sums = [builder.phi(emit.vector) for _ in places]
        emit.prefetch(later, 0)
        right = [emit.load(emit.vector_at(column, I64(v * emit.width))) for v in range(TILE.vectors)]
        for v, value in enumerate(right if copies else ()):
            emit.store(value, emit.vector_at(copied, I64(v * emit.width)))
        new = []
        for r in range(ROWS):
            left = emit.broadcast(builder.load(builder.gep(rows[r // GROUP], [multiples[r % GROUP]])))
            new += [
                emit.multiply_add(left, right[v], sums[r * TILE.vectors + v]) for v in range(TILE.vectors)
            ]
        steps = (column, b_step), (copied, copy_step), (later, ahead_step)
        following = [builder.add(k, I64(1)), *(builder.gep(place, [step]) for place, step in steps)]
        # without these, LLVM makes one pointer of all and moves it from row to row: a chain of additions
        following += [emit.opaque(builder.gep(row, [a_step])) for row in rows]
        builder.cbranch(builder.icmp_signed("<", following[0], count), block, summed)
        phis, firsts = [k, column, copied, later, *rows, *sums], [I64(0), b, copy, ahead, *heads, *start]
        for phi, first, next_one in zip(phis, firsts, [*following, *new], strict=True):
            phi.add_incoming(first, some)
            phi.add_incoming(next_one, block)
        return new

    # with vectors of half a line, the copy's stores take a third longer: tiles that copy nothing make none
    ways = (start, begin), (sum_in(loop, False), loop), (sum_in(copying, True), copying)
    builder.position_at_end(summed)
    summed_up = choice_of(builder, *ways)
    targets = vectors_of(c, c_row)
    builder.cbranch(kept, held, finished)

    builder.position_at_end(held)  # a long sum is a sum of blocks: term by term, it would lose digits
    added = [builder.fadd(emit.load(target), value) for value, target in zip(summed_up, targets, strict=True)]
    builder.branch(finished)

    builder.position_at_end(finished)
    result = choice_of(builder, (summed_up, summed), (added, held))
    choice = builder.switch(way, plain)
    choice.add_case(I64(ACTIVATED), activate)
    choice.add_case(I64(GATED), gate)
    choice.add_case(I64(ADDED), add)

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
    for (r, v), value, target, place in zip(places, result, targets, owns, strict=True):
        gated = finish.gate(value, emit.load(place))
        emit.store(gated, target)
        totalled[v] = emit.add_in_order(totalled[v], builder.select(stored[r], gated, zero))
    for v, value in enumerate(totalled):
        emit.store(value, emit.vector_at(totals, I64(v * emit.width)))
    builder.branch(done)

    builder.position_at_end(add)
    for value, target, place in zip(result, targets, owns, strict=True):
        emit.store(builder.fadd(emit.load(place), value), target)
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


@intrinsic
def copy_rows(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, count: Any
) -> Any:
    """target[t0 + k t_step + r] = source[s0 + k s_step + r] for k < count and r over the tile's rows."""
    size = types.int64
    return types.void(source, size, size, target, size, size, size), _emit_copies


def _emit_copies(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    source = emit.pointer(signature.args[0], values[0], values[1])
    target = emit.pointer(signature.args[3], values[3], values[4])
    with cgutils.for_range(builder, values[6]) as loop:
        row, copied = (
            builder.gep(base, [builder.mul(loop.index, step)])
            for base, step in ((source, values[2]), (target, values[5]))
        )
        emit.copy_row(row, copied, ROWS)
    return context.get_dummy_value()
