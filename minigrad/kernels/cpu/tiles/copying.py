"""Copying and adding short runs with vectors: a loop over them would spend its time on the ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, TILE, Emitter

MASKED = TILE.width > 16  # bytes: there, a load or store of some lanes is one instruction


@intrinsic
def copy_run(typingctx: Any, source: Any, s0: Any, target: Any, t0: Any, count: Any) -> Any:
    """target[t0 + k] = source[s0 + k] for k < count.

    Both are contiguous arrays of one axis and one float type. Nothing checks bounds.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 2))
        with cgutils.for_range_slice(builder, I64(0), values[4], I64(emit.width), I64) as (k, _):
            some = emit.first_lanes(builder.sub(values[4], k))
            emit.store_some(emit.load_some(emit.vector_at(source, k), some), emit.vector_at(target, k), some)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64, types.int64), generate


@intrinsic
def add_run(typingctx: Any, source: Any, s0: Any, target: Any, t0: Any, count: Any) -> Any:
    """target[t0 + k] += source[s0 + k] for k < count; otherwise as ``copy_run``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 2))
        with cgutils.for_range_slice(builder, I64(0), values[4], I64(emit.width), I64) as (k, _):
            some, place = emit.first_lanes(builder.sub(values[4], k)), emit.vector_at(target, k)
            added = emit.load_some(emit.vector_at(source, k), some)
            emit.store_some(builder.fadd(emit.load_some(place, some), added), place, some)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64, types.int64), generate


@intrinsic
def copy_apart(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, count: Any
) -> Any:
    """target[t0 + k t_step] = source[s0 + k s_step] for k < count; otherwise as ``copy_run``."""
    size = types.int64
    return types.void(source, size, size, target, size, size, size), _emit_apart


def _emit_apart(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 3))
    steps, count = (values[2], values[5]), values[6]
    for some, k in _loops(emit, steps, count):
        some.store(some.load(source, k, I64(0), count), target, k, count)
    return context.get_dummy_value()


@intrinsic
def sum_run(
    typingctx: Any,
    source: Any,
    s0: Any,
    s_step: Any,
    terms: Any,
    first: Any,
    last: Any,
    target: Any,
    t0: Any,
    t_step: Any,
    count: Any,
) -> Any:
    """target[t0 + k t_step] = the sum of source[s0 + terms[i, 0] + k s_step] for k < count, over the i with

    first <= i < last and terms[i, 1] <= k < terms[i, 2], one after the other. ``terms`` (..., 3) is int64;
    the others as in ``copy_run``.
    """
    size = types.int64
    return types.void(source, size, size, terms, size, size, target, size, size, size), _emit_sum


def _emit_sum(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 6))
    terms = emit.pointer(signature.args[3], values[3], I64(0))
    begin, end = (builder.mul(value, I64(3)) for value in values[4:6])
    steps, count = (values[2], values[8]), values[9]
    for some, k in _loops(emit, steps, count):
        total = cgutils.alloca_once_value(builder, some.zero)
        builder.store(some.zero, total)
        with cgutils.for_range_slice(builder, begin, end, I64(3), I64) as (i, _):
            place, low, high = (builder.load(builder.gep(terms, [builder.add(i, I64(n))])) for n in range(3))
            value = some.load(builder.gep(source, [place]), k, low, high)
            builder.store(builder.fadd(builder.load(total), value), total)
        some.store(builder.load(total), target, k, count)
    return context.get_dummy_value()


def _loops(emit: Emitter, steps: tuple[Any, Any], count: Any) -> Iterator[tuple[_Elements, Any]]:
    """Loops over k < count, one of which will run: the elements that are moved at a time, and the first k.

    Vectors of them, where one step is 1 and the other 1 or 2, else single ones.
    """
    builder = emit.builder
    done = builder.append_basic_block("apart.done")
    for known in ((1, 1), (1, 2), (2, 1)) if MASKED else ():
        fits = (builder.icmp_signed("==", step, I64(value)) for step, value in zip(steps, known, strict=True))
        with builder.if_then(builder.and_(*fits)):
            with cgutils.for_range_slice(builder, I64(0), count, I64(emit.width), I64) as (k, _):
                yield _Vectors(emit, *known), k
            builder.branch(done)
    with cgutils.for_range_slice(builder, I64(0), count, I64(1), I64) as (k, _):
        yield _Singles(emit, *steps), k
    builder.branch(done)
    builder.position_at_end(done)


class _Elements(Protocol):
    """Elements that are moved at a time, ``step`` apart in the source and ``t_step`` in the target."""

    zero: Any

    def load(self, source: Any, k: Any, low: Any, high: Any) -> Any:
        """source[(k + l) step] for low <= k + l < high, 0 for other l."""

    def store(self, value: Any, target: Any, k: Any, high: Any) -> None:
        """target[(k + l) t_step] = value[l] for k + l < high."""


class _Singles:
    def __init__(self, emit: Emitter, step: Any, t_step: Any) -> None:
        self.builder, self.step, self.t_step = emit.builder, step, t_step
        self.zero = ir.Constant(emit.element, 0.0)

    def load(self, source: Any, k: Any, low: Any, high: Any) -> Any:
        builder, before = self.builder, self.builder.block
        inside = builder.and_(builder.icmp_signed("<=", low, k), builder.icmp_signed("<", k, high))
        with builder.if_then(inside):
            value, within = builder.load(builder.gep(source, [builder.mul(k, self.step)])), builder.block
        found = builder.phi(value.type)
        found.add_incoming(self.zero, before)
        found.add_incoming(value, within)
        return found

    def store(self, value: Any, target: Any, k: Any, high: Any) -> None:
        self.builder.store(value, self.builder.gep(target, [self.builder.mul(k, self.t_step)]))


class _Vectors:
    def __init__(self, emit: Emitter, step: int, t_step: int) -> None:
        self.emit, self.step, self.t_step = emit, step, t_step
        self.zero = emit.constant(0.0)

    def load(self, source: Any, k: Any, low: Any, high: Any) -> Any:
        parts = [self.emit.load_some(*part) for part in self._parts(source, self.step, k, low, high)]
        return self.emit.shuffle(parts[0], parts[-1], [lane * self.step for lane in range(self.emit.width)])

    def store(self, value: Any, target: Any, k: Any, high: Any) -> None:
        width = self.emit.width
        for part, (place, some) in enumerate(self._parts(target, self.t_step, k, None, high)):
            lanes = [(part * width + lane) // self.t_step for lane in range(width)]
            self.emit.store_some(self.emit.shuffle(value, value, lanes), place, some)

    def _parts(self, base: Any, step: int, k: Any, low: Any, high: Any) -> Iterator[tuple[Any, Any]]:
        """The vectors in which elements k, k + 1, ... lie, each with the mask of those from low to high."""
        builder, width = self.emit.builder, self.emit.width
        start = builder.mul(k, I64(step))
        for first in range(0, step * width, width):
            offset = builder.add(start, I64(first))
            some = self._below(high, step, offset)
            if low is not None:
                some = builder.and_(some, builder.not_(self._below(low, step, offset)))
            if step > 1:
                own = [lane % step == 0 for lane in range(width)]
                some = builder.and_(some, ir.Constant(some.type, own))
            yield self.emit.vector_at(base, offset), some

    def _below(self, end: Any, step: int, offset: Any) -> Any:
        """The lanes before element ``end``, of a vector that begins at the offset."""
        builder = self.emit.builder
        return self.emit.first_lanes(builder.sub(builder.mul(end, I64(step)), offset))


@intrinsic
def add_patch(typingctx: Any, source: Any, s0: Any, target: Any, t0: Any, t_step: Any) -> Any:
    """target[t0 + i t_step + j] += source[s0 + 4 i + j] for i and j < 4; otherwise as ``copy_run``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        kind = ir.VectorType(emit.element, 4).as_pointer()
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 2))
        for i in range(4):
            added = emit.load(builder.bitcast(builder.gep(source, [I64(4 * i)]), kind))
            place = builder.bitcast(builder.gep(target, [builder.mul(values[4], I64(i))]), kind)
            emit.store(builder.fadd(emit.load(place), added), place)
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, target, size, size), generate


@intrinsic
def copy_vectors(
    typingctx: Any, source: Any, s0: Any, target: Any, t0: Any, places: Any, first: Any, last: Any
) -> Any:
    """target[t0 + places[k, 1] + l] = source[s0 + places[k, 0] + l], first <= k < last, l below the width.

    In this order, one k after the other. ``places`` (..., 2) is int64; the others as in ``copy_run``.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 2))
        table = emit.pointer(signature.args[4], values[4], I64(0))
        begin, end = (builder.mul(value, I64(2)) for value in values[5:])
        with cgutils.for_range_slice(builder, begin, end, I64(2), I64) as (k, _):
            s, t = (builder.load(builder.gep(table, [builder.add(k, I64(i))])) for i in (0, 1))
            emit.store(emit.load(emit.vector_at(source, s)), emit.vector_at(target, t))
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, target, size, places, size, size), generate
