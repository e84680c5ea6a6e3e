"""A tile of dot products held in vector registers: rows of both factors run along the vectors.

``product`` multiplies packed operands; this reads the rows of both where they lie.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.registers import I64, TILE, Emitter

ROWS, COLUMNS = (6, 4) if TILE.rows * TILE.vectors >= 24 else (4, 3)  # 24 sums of 32 registers or 12 of 16


@intrinsic
def multiply_dots(
    typingctx: Any,
    a: Any,
    a0: Any,
    a_row: Any,
    a_step: Any,
    rows: Any,
    b: Any,
    b_starts: Any,
    column: Any,
    b_step: Any,
    count: Any,
    length: Any,
    c: Any,
    c0: Any,
    c_row: Any,
) -> Any:
    """c[c0 + r c_row + k] = sum over i < count, q < length of A[i, r, q] B[i, k, q], where

    A[i, r, q] = a[a0 + i a_step + min(r, rows - 1) a_row + q] and
    B[i, k, q] = b[b_starts[column + k] + i b_step + q], for r < ROWS and k < COLUMNS. ``length`` is at least
    a vector's width. a, b, c: contiguous arrays of one axis and one float type; b_starts: int64. Nothing
    checks bounds.
    """
    integer = types.int64
    left, right = (a, *[integer] * 4), (b, b_starts, integer, integer)
    return types.void(*left, *right, integer, integer, c, integer, integer), _emit_dots


def _emit_dots(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    width = emit.width
    a = emit.pointer(signature.args[0], values[0], values[1])
    a_row, a_step, last = values[2], values[3], builder.sub(values[4], I64(1))
    b = emit.pointer(signature.args[5], values[5], I64(0))
    b_starts = emit.pointer(signature.args[6], values[6], values[7])
    b_step, count, length = values[8:11]
    c, c_row = emit.pointer(signature.args[11], values[11], values[12]), values[13]
    numbers = [builder.select(builder.icmp_signed("<", I64(r), last), I64(r), last) for r in range(ROWS)]
    rows = [builder.mul(number, a_row) for number in numbers]
    columns = [builder.load(builder.gep(b_starts, [I64(k)])) for k in range(COLUMNS)]
    final = builder.sub(length, I64(width))
    lane_numbers = ir.Constant(ir.VectorType(I64, width), list(range(width)))
    zero = emit.constant(0.0)

    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(ROWS * COLUMNS)]
    with cgutils.for_range(builder, count) as image:
        left, right = (
            builder.gep(a, [builder.mul(image.index, a_step)]),
            builder.gep(b, [builder.mul(image.index, b_step)]),
        )
        with cgutils.for_range_slice(builder, I64(0), length, I64(width), I64) as (q, _):
            begin = builder.select(builder.icmp_signed("<", q, final), q, final)
            fresh = _at_least(builder, lane_numbers, builder.sub(q, begin), width)

            def part(base: Any, row: Any) -> Any:
                """A vector of a row; what the one before held already, if this is the last, as zero."""
                value = emit.load(emit.vector_at(base, builder.add(row, begin)))
                return builder.select(fresh, value, zero)

            factors = [part(right, column) for column in columns]
            for r, row in enumerate(rows):
                value = part(left, row)
                for k, factor in enumerate(factors):
                    total = totals[r * COLUMNS + k]
                    builder.store(emit.multiply_add(value, factor, builder.load(total)), total)
    add = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(emit.element, [emit.element, emit.vector]),
        f"llvm.vector.reduce.fadd.v{width}f{emit.bits}",
    )
    for r in range(ROWS):
        for k in range(COLUMNS):
            total = builder.load(totals[r * COLUMNS + k])
            result = builder.call(add, [emit.element(-0.0), total], fastmath=("reassoc",))
            builder.store(result, builder.gep(c, [builder.add(builder.mul(c_row, I64(r)), I64(k))]))
    return context.get_dummy_value()


def _at_least(builder: ir.IRBuilder, numbers: Any, least: Any, width: int) -> Any:
    """Lane by lane, whether the number is at least ``least``."""
    one = builder.insert_element(ir.Constant(numbers.type, ir.Undefined), least, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.icmp_signed(">=", numbers, builder.shuffle_vector(one, one, mask))
