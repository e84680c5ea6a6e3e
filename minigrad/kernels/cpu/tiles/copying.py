"""Copying short runs of numbers with vectors: a loop over them would spend its time on the ends."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, Emitter


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
def copy_apart(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, count: Any
) -> Any:
    """target[t0 + k t_step] = source[s0 + k s_step] for k < count; otherwise as ``copy_run``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 3))
        with cgutils.for_range_slice(builder, I64(0), values[6], I64(1), I64) as (k, _):
            value = builder.load(builder.gep(source, [builder.mul(k, values[2])]))
            builder.store(value, builder.gep(target, [builder.mul(k, values[5])]))
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, size, target, size, size, size), generate


@intrinsic
def add_run(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, count: Any
) -> Any:
    """target[t0 + k t_step] += source[s0 + k s_step] for k < count; otherwise as ``copy_run``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 3))
        s_step, t_step, count = values[2], values[5], values[6]
        steps = builder.add(s_step, t_step)
        with builder.if_else(builder.icmp_signed("==", steps, I64(2))) as (together, apart):
            with together, cgutils.for_range_slice(builder, I64(0), count, I64(emit.width), I64) as (k, _):
                some, place = emit.first_lanes(builder.sub(count, k)), emit.vector_at(target, k)
                added = emit.load_some(emit.vector_at(source, k), some)
                emit.store_some(builder.fadd(emit.load_some(place, some), added), place, some)
            with apart, cgutils.for_range_slice(builder, I64(0), count, I64(1), I64) as (k, _):
                place = builder.gep(target, [builder.mul(k, t_step)])
                added = builder.load(builder.gep(source, [builder.mul(k, s_step)]))
                builder.store(builder.fadd(builder.load(place), added), place)
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, size, target, size, size, size), generate


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
