"""The product of two packed operands, held in the registers of a tile while its terms are added."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.runtime.caches import CACHE_LINE
from minigrad.kernels.cpu.tiles.registers import I64, TILE, Emitter

AHEAD = 8192  # bytes to prefetch ahead: two pages, since the hardware's prefetching stops at the end of one
BESIDE = 512  # bytes to prefetch ahead where more rows are read at once than the hardware follows
LINE = 4  # vectors of a row alone, or of two: two rows keep both FMA units busy
DEPTH = 256  # products to sum in registers at a time: their operands fit the first cache


def _product(height: int, vectors: int = TILE.vectors, left: int = 0, right: int = 0) -> Callable[..., None]:
    """A function for compiled code: the tile's product with its first ``height`` rows and ``vectors``.

    ``left`` and ``right`` are the bytes by which its operands are prefetched, 0 for not at all.
    """

    @intrinsic
    def multiply(
        typingctx: Any,
        a: Any,
        a0: Any,
        a_step: Any,
        a_shift: Any,
        b: Any,
        b0: Any,
        b_step: Any,
        b_shift: Any,
        first: Any,
        last: Any,
        count: Any,
        c: Any,
        c0: Any,
        c_step: Any,
        fresh: Any,
    ) -> Any:
        """c[c0 + r c_step + l] += sum over i < count, first <= j < last of A[i, j, r] B[i, j, l], where

        A[i, j, r] = a[a0 + i a_step + a_shift[j] + r] and B[i, j, l] = b[b0 + i b_step + b_shift[j] + l], for
        r over the rows and l over the vectors' lanes. If ``fresh``, what c holds before counts as zero. a, b,
        c: contiguous arrays of one axis and one float type; shifts: int64. Nothing checks bounds.
        """
        emit = partial(_emit_product, (height, vectors), (left, right))
        return _product_signature(a, a_shift, b, b_shift, c), emit

    return multiply  # type: ignore[no-any-return]


def _product_signature(a: Any, a_shift: Any, b: Any, b_shift: Any, c: Any) -> Any:
    left, right = ((array, types.int64, types.int64, shift) for array, shift in ((a, a_shift), (b, b_shift)))
    return types.void(*left, *right, *[types.int64] * 3, c, types.int64, types.int64, types.boolean)


def _emit_product(
    size: tuple[int, int],
    ahead: tuple[int, int],
    context: Any,
    builder: ir.IRBuilder,
    signature: Any,
    values: Any,
) -> Any:
    (height, vectors), emit = size, Emitter(context, builder, signature.args[0])
    a = emit.pointer(signature.args[0], values[0], values[1])
    a_step, b_step = values[2], values[6]
    a_shift = emit.pointer(signature.args[3], values[3], I64(0))
    b = emit.pointer(signature.args[4], values[4], values[5])
    b_shift = emit.pointer(signature.args[7], values[7], I64(0))
    first, last, count = values[8:11]
    c, c_step = emit.pointer(signature.args[11], values[11], values[12]), values[13]
    kept = builder.not_(builder.trunc(values[14], ir.IntType(1)))

    places = [(r, v) for r in range(height) for v in range(vectors)]
    targets = [
        emit.vector_at(c, builder.add(builder.mul(c_step, I64(r)), I64(v * emit.width))) for r, v in places
    ]
    start = [emit.constant(0.0)] * len(places)
    begin = builder.block
    outer, inner, latch, summed, held, done = (
        builder.append_basic_block(f"tile.{name}")
        for name in ("outer", "inner", "latch", "summed", "held", "done")
    )
    some = builder.and_(builder.icmp_signed(">", count, I64(0)), builder.icmp_signed(">", last, first))
    builder.cbranch(some, outer, summed)

    builder.position_at_end(outer)
    i = builder.phi(I64)
    outer_sums = _phis(builder, emit.vector, len(places))
    rows = builder.gep(a, [builder.mul(i, a_step)])
    columns = builder.gep(b, [builder.mul(i, b_step)])
    builder.branch(inner)

    builder.position_at_end(inner)
    j = builder.phi(I64)
    sums = _phis(builder, emit.vector, len(places))
    row = builder.gep(rows, [builder.load(builder.gep(a_shift, [j]))])
    column = builder.gep(columns, [builder.load(builder.gep(b_shift, [j]))])
    for offset in range(0, vectors * TILE.width if ahead[1] else 0, CACHE_LINE):
        emit.prefetch(column, ahead[1] + offset)
    if ahead[0]:
        emit.prefetch(row, ahead[0])
    right = [emit.load(emit.vector_at(column, I64(v * emit.width))) for v in range(vectors)]
    new = []
    for r in range(height):  # each factor is loaded next to its use, or the compiler runs out of registers
        left = emit.broadcast(builder.load(builder.gep(row, [I64(r)])))
        new += [emit.multiply_add(left, right[v], sums[r * vectors + v]) for v in range(vectors)]
    after = builder.add(j, I64(1))
    builder.cbranch(builder.icmp_signed("<", after, last), inner, latch)

    builder.position_at_end(latch)
    following = builder.add(i, I64(1))
    builder.cbranch(builder.icmp_signed("<", following, count), outer, summed)

    _come([i, *outer_sums], [I64(0), *start], begin)
    _come([i, *outer_sums], [following, *new], latch)
    _come([j, *sums], [first, *outer_sums], outer)
    _come([j, *sums], [after, *new], inner)

    builder.position_at_end(summed)
    fresh = _phis(builder, emit.vector, len(places))
    _come(fresh, start, begin)
    _come(fresh, new, latch)
    builder.cbranch(kept, held, done)

    builder.position_at_end(held)  # a long sum is a sum of blocks: term by term, it would lose digits
    added = [builder.fadd(emit.load(target), value) for value, target in zip(fresh, targets, strict=True)]
    builder.branch(done)

    builder.position_at_end(done)
    result = _phis(builder, emit.vector, len(places))
    _come(result, fresh, summed)
    _come(result, added, held)
    for value, target in zip(result, targets, strict=True):
        emit.store(value, target)
    return context.get_dummy_value()


multiply_tile = _product(TILE.rows)
multiply_narrow = _product(TILE.rows, vectors=1)
multiply_far_left = _product(TILE.rows, left=AHEAD)
multiply_far = _product(TILE.rows, left=AHEAD, right=AHEAD)
multiply_long_rows = _product(TILE.rows, right=BESIDE)
multiply_four = _product(4)
multiply_row = _product(1)
multiply_line = _product(1, LINE)
multiply_lines = _product(2, LINE)


def _phis(builder: ir.IRBuilder, kind: Any, count: int) -> list[Any]:
    return [builder.phi(kind) for _ in range(count)]


def _come(phis: list[Any], values: list[Any], block: Any) -> None:
    for phi, value in zip(phis, values, strict=True):
        phi.add_incoming(value, block)
