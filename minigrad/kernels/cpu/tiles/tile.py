"""The machine code that all matrix work rests on: a product held in vector registers, a transposition.

Both are written as LLVM vector instructions, since no loop is compiled into as good ones. Numba keeps
compiled callers on disk and notices a change only in their own file: touch them when this file changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

from minigrad.kernels.cpu.runtime.compiling import Array
from minigrad.kernels.cpu.runtime.inner import inner_jit


class Tile(NamedTuple):
    """A tile of ``rows`` x ``vectors`` registers of ``width`` bytes each."""

    rows: int
    vectors: int
    width: int

    def lanes(self, itemsize: int) -> int:
        """Columns of the tile, for elements of ``itemsize`` bytes."""
        return self.vectors * self.width // itemsize


def _features() -> set[str]:
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    return {name for name, present in binding.get_host_cpu_features().items() if present}


def _choose(features: set[str]) -> Tile:
    """The tile that fills the registers and leaves some for operands: 26 + 3 of 32 or 12 + 3 of 16."""
    if "avx512f" in features:
        return Tile(rows=13, vectors=2, width=64)
    if "avx2" in features:
        return Tile(rows=6, vectors=2, width=32)
    if "neon" in features:
        return Tile(rows=8, vectors=3, width=16)
    return Tile(rows=4, vectors=2, width=16)


TILE = _choose(_features())
ROWS = TILE.rows
WIDTH = TILE.width
AHEAD = 8192  # bytes, two pages: the hardware's own prefetching stops at the end of one
BESIDE = 512  # bytes, where more rows are read side by side than the hardware follows
DEPTH = 256  # products to sum in registers at a time: their operands fit the first cache

I64, I32 = ir.IntType(64), ir.IntType(32)


class Emitter:
    """Vector instructions on an array's element type."""

    def __init__(self, context: Any, builder: ir.IRBuilder, array: Any) -> None:
        self.context, self.builder = context, builder
        self.element = context.get_data_type(array.dtype)
        self.bits = array.dtype.bitwidth
        self.width = TILE.width * 8 // self.bits
        self.vector = ir.VectorType(self.element, self.width)
        self.align = self.element.get_abi_size(context.target_data)

    def pointer(self, array: Any, value: Any, offset: Any) -> Any:
        data = self.context.make_array(array)(self.context, self.builder, value).data
        return self.builder.gep(data, [offset])

    def vector_at(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.vector.as_pointer())

    def constant(self, value: float) -> Any:
        return ir.Constant(self.vector, [value] * self.width)

    def load(self, address: Any) -> Any:
        value = self.builder.load(address)
        value.align = self.align
        return value

    def store(self, value: Any, address: Any) -> None:
        self.builder.store(value, address).align = self.align

    def add_in_order(self, a: Any, b: Any) -> Any:
        """a + b, a step of a sum that LLVM would otherwise take in an order of its own."""
        kind = ir.FunctionType(self.vector, [self.vector])
        name = f"llvm.arithmetic.fence.v{self.width}f{self.bits}"
        fence = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(fence, [self.builder.fadd(a, b)])

    def prefetch(self, base: Any, distance: int) -> None:
        """Prefetch the cache line ``distance`` bytes on."""
        data = ir.IntType(8).as_pointer()
        address = self.builder.gep(self.builder.bitcast(base, data), [I64(distance)])
        kind = ir.FunctionType(ir.VoidType(), [data, I32, I32, I32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        read, keep, data_cache = I32(0), I32(3), I32(1)
        self.builder.call(function, [address, read, keep, data_cache])

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), lanes)
        return self.builder.shuffle_vector(a, b, mask)

    def broadcast(self, scalar: Any) -> Any:
        one = self.builder.insert_element(ir.Constant(self.vector, ir.Undefined), scalar, I32(0))
        return self.shuffle(one, one, [0] * self.width)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{self.width}f{self.bits}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [a, b, c])


@intrinsic
def prefetch(typingctx: Any, array: Any, index: Any) -> Any:
    """Prefetch the cache line of array[index]; the array is contiguous and has one axis."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        emit.prefetch(emit.pointer(signature.args[0], values[0], values[1]), 0)
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def _product(height: int, left: int = 0, right: int = 0) -> Callable[..., None]:
    """A function for compiled code: the tile's product with its first ``height`` rows.

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
        r over the rows and l over the tile's lanes. If ``fresh``, what c holds before counts as zero. a, b,
        c: contiguous arrays of one axis and one float type; shifts: int64. Nothing checks bounds.
        """
        return _product_signature(a, a_shift, b, b_shift, c), partial(_emit_product, height, (left, right))

    return multiply  # type: ignore[no-any-return]


def _product_signature(a: Any, a_shift: Any, b: Any, b_shift: Any, c: Any) -> Any:
    left, right = ((array, types.int64, types.int64, shift) for array, shift in ((a, a_shift), (b, b_shift)))
    return types.void(*left, *right, *[types.int64] * 3, c, types.int64, types.int64, types.boolean)


def _emit_product(
    height: int, ahead: tuple[int, int], context: Any, builder: ir.IRBuilder, signature: Any, values: Any
) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    a = emit.pointer(signature.args[0], values[0], values[1])
    a_step, b_step = values[2], values[6]
    a_shift = emit.pointer(signature.args[3], values[3], I64(0))
    b = emit.pointer(signature.args[4], values[4], values[5])
    b_shift = emit.pointer(signature.args[7], values[7], I64(0))
    first, last, count = values[8:11]
    c, c_step = emit.pointer(signature.args[11], values[11], values[12]), values[13]
    kept = builder.not_(builder.trunc(values[14], ir.IntType(1)))

    places = [(r, v) for r in range(height) for v in range(TILE.vectors)]
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
    for v in range(TILE.vectors if ahead[1] else 0):
        emit.prefetch(column, ahead[1] + v * TILE.width)
    if ahead[0]:
        emit.prefetch(row, ahead[0])
    right = [emit.load(emit.vector_at(column, I64(v * emit.width))) for v in range(TILE.vectors)]
    new = []
    for r in range(height):  # each factor is loaded next to its use, or the compiler runs out of registers
        left = emit.broadcast(builder.load(builder.gep(row, [I64(r)])))
        new += [emit.multiply_add(left, right[v], sums[r * TILE.vectors + v]) for v in range(TILE.vectors)]
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

    builder.position_at_end(
        held
    )  # a long sum is one of blocks: added one by one, its terms would lose digits
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
multiply_far_left = _product(TILE.rows, left=AHEAD)
multiply_far = _product(TILE.rows, left=AHEAD, right=AHEAD)
multiply_long_rows = _product(TILE.rows, right=BESIDE)
multiply_row = _product(1)


def _phis(builder: ir.IRBuilder, kind: Any, count: int) -> list[Any]:
    return [builder.phi(kind) for _ in range(count)]


def _come(phis: list[Any], values: list[Any], block: Any) -> None:
    for phi, value in zip(phis, values, strict=True):
        phi.add_incoming(value, block)


@intrinsic
def _transpose_block(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any
) -> Any:
    """target[t0 + j t_step + i] = source[s0 + i s_step + j] for i, j below the vector's width."""
    integer = types.int64
    return types.void(source, integer, integer, target, integer, integer), _emit_transposition


def _emit_transposition(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    source = emit.pointer(signature.args[0], values[0], values[1])
    target = emit.pointer(signature.args[3], values[3], values[4])
    for j, column in enumerate(emit_columns(emit, source, values[2])):
        emit.store(column, emit.vector_at(target, builder.mul(values[5], I64(j))))
    return context.get_dummy_value()


def emit_columns(emit: Emitter, source: Any, step: Any) -> list[Any]:
    """The columns of a block, whose rows start ``step`` apart: as many of each as a vector is wide."""
    width, builder = emit.width, emit.builder
    rows = [emit.load(emit.vector_at(source, builder.mul(step, I64(i)))) for i in range(width)]
    half = width // 2
    while half:  # swap the off-diagonal quarters of ever smaller blocks
        low = [lane if lane & half == 0 else lane - half + width for lane in range(width)]
        high = [lane + half if lane & half == 0 else lane + width for lane in range(width)]
        swapped = list(rows)
        for i in range(width):
            if i & half == 0:
                swapped[i] = emit.shuffle(rows[i], rows[i + half], low)
                swapped[i + half] = emit.shuffle(rows[i], rows[i + half], high)
        rows, half = swapped, half // 2
    return rows


@inner_jit
def transpose(
    source: Array, s0: int, s_step: int, rows: int, columns: int, target: Array, t0: int, t_step: int
) -> None:
    """target[t0 + j t_step + i] = source[s0 + i s_step + j] for i < rows, j < columns."""
    width = WIDTH // source.itemsize
    if rows < width or columns < width:
        for i in range(rows):
            for j in range(columns):
                target[t0 + j * t_step + i] = source[s0 + i * s_step + j]
        return
    i = 0
    while i < rows:  # the last block of an axis may overlap the one before it
        top = min(i, rows - width)
        j = 0
        while j < columns:
            left = min(j, columns - width)
            _transpose_block(
                source, s0 + top * s_step + left, s_step, target, t0 + left * t_step + top, t_step
            )
            j += width
        i += width


def rounded_up(size: int, step: int) -> int:
    """The least multiple of ``step`` that is not below ``size``."""
    return -(-size // step) * step


def packed_size(columns: int, lanes: int) -> int:
    """Elements that ``pack_rows`` needs for a panel of ``columns``, what it spoils included."""
    return rounded_up(columns * ROWS + lanes, 16)


@inner_jit
def pack_rows(source: Array, s0: int, s_step: int, rows: int, columns: int, target: Array, t0: int) -> None:
    """target[t0 + j ROWS + r] = source[s0 + r s_step + j] for j < columns and r < ROWS; 0 for r >= rows.

    ``rows`` counts those that may be read. Fewer than a vector's width of elements behind the last are
    spoiled.
    """
    width = WIDTH // source.itemsize
    top = (ROWS - 1) // width * width
    if rows < top + width or columns < width:
        for r in range(ROWS):
            if r < rows:
                for j in range(columns):
                    target[t0 + j * ROWS + r] = source[s0 + r * s_step + j]
            else:
                for j in range(columns):
                    target[t0 + j * ROWS + r] = 0
        return
    j = 0
    while j < columns:
        left = min(j, columns - width)
        # a block writes past its rows, where the next one, or the next column's first, will write later
        for r in range(top, -1, -width):
            _transpose_block(source, s0 + r * s_step + left, s_step, target, t0 + left * ROWS + r, ROWS)
        j += width
