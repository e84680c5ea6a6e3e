"""Dot products of runs of memory: a few rows with one or two others, until each sum is one number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, Emitter

SUMS = 8  # vectors of sums: as many additions are under way in two units, each of which takes four cycles


def _dots(height: int, width: int) -> Callable[..., None]:
    """A function for compiled code: the dot products of ``height`` runs with ``width`` others."""

    @intrinsic
    def multiply(
        typingctx: Any,
        a: Any,
        a0: Any,
        a_row: Any,
        rows: Any,
        b: Any,
        b0: Any,
        b_row: Any,
        length: Any,
        c: Any,
        c0: Any,
    ) -> Any:
        """c[c0 + r width + k] = sum over q < length of a[a0 + min(r, rows - 1) a_row + q] b[B + q], where

        B = b0 + k b_row, for r < height and k < width. All arrays are contiguous, of one axis and one float
        type. Nothing checks bounds.
        """
        size = types.int64
        kind = types.void(a, *[size] * 3, b, *[size] * 3, c, size)
        return kind, partial(_emit_dots, height, width)

    return multiply  # type: ignore[no-any-return]


def _emit_dots(
    height: int, width: int, context: Any, builder: ir.IRBuilder, signature: Any, values: Any
) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    a = emit.pointer(signature.args[0], values[0], values[1])
    b = emit.pointer(signature.args[4], values[4], values[5])
    c = emit.pointer(signature.args[8], values[8], values[9])
    a_row, last, b_row, length = values[2], builder.sub(values[3], I64(1)), values[6], values[7]
    numbers = [builder.select(builder.icmp_signed("<", I64(r), last), I64(r), last) for r in range(height)]
    rows = [builder.gep(a, [builder.mul(number, a_row)]) for number in numbers]
    others = [builder.gep(b, [builder.mul(b_row, I64(k))]) for k in range(width)]
    totals = [cgutils.alloca_once_value(builder, emit.constant(0.0)) for _ in range(height * width)]
    for total in totals:
        builder.store(emit.constant(0.0), total)
    whole = builder.and_(length, I64(-emit.width))

    def add(load: Callable[[Any], Any], q: Any) -> None:
        """Add the products of a vector of each run."""
        factors = [load(emit.vector_at(other, q)) for other in others]
        for r, row in enumerate(rows):
            value = load(emit.vector_at(row, q))
            for k, factor in enumerate(factors):
                total = totals[r * width + k]
                builder.store(emit.multiply_add(value, factor, builder.load(total)), total)

    with cgutils.for_range_slice(builder, I64(0), whole, I64(emit.width), I64) as (q, _):
        add(emit.load, q)
    with builder.if_then(builder.icmp_signed("<", whole, length)):
        some = emit.first_lanes(builder.sub(length, whole))
        add(lambda place: emit.load_some(place, some), whole)
    sums = [builder.load(total) for total in totals]
    for first in range(0, len(sums), emit.width):
        result = _sum_each(emit, sums[first : first + emit.width])
        target = builder.bitcast(builder.gep(c, [I64(first)]), result.type.as_pointer())
        emit.store(result, target)
    return context.get_dummy_value()


def _sum_each(emit: Emitter, vectors: list[Any]) -> Any:
    """The sums of the vectors, a power of two and no more than their lanes, as one vector."""
    run = emit.width  # lanes that hold parts of one sum
    while run > 1:
        half = run // 2
        several = len(vectors) > 1  # two become one, or one half as long: each sum has half as many lanes
        lanes = range(vectors[0].type.count * (2 if several else 1))
        low = [lane for lane in lanes if lane % run < half]
        pairs = zip(vectors[::2], vectors[1::2] if several else vectors, strict=True)
        vectors = [_folded(emit, first, second, low, half) for first, second in pairs]
        run = half
    return vectors[0]


def _folded(emit: Emitter, first: Any, second: Any, low: list[int], half: int) -> Any:
    """The lanes ``low`` of two vectors plus those ``half`` further on."""
    high = [lane + half for lane in low]
    return emit.builder.fadd(emit.shuffle(first, second, low), emit.shuffle(first, second, high))


dot_rows = _dots(SUMS, 1)
dot_rows_with_two = _dots(SUMS // 2, 2)
