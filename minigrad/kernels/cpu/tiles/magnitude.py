"""The greatest magnitude of numbers, with NaN above infinity: it shows whether a sum may overflow.

Without their sign, floats have the order of their bits read as integers; those of NaN are above infinity's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.cpu.runtime.compiling import jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.tiles.packing import Rows, emit_columns, transpose
from minigrad.kernels.cpu.tiles.registers import I64, WIDTH, Emitter
from minigrad.types import Array


class _Magnitudes:
    """Vectors of magnitudes as integers, which have the same order."""

    def __init__(self, emit: Emitter) -> None:
        self.emit, self.builder = emit, emit.builder
        self.integer = ir.IntType(emit.bits)
        self.kind = ir.VectorType(self.integer, emit.width)
        self.zero = ir.Constant(self.kind, [0] * emit.width)
        self._positive = ir.Constant(self.kind, [(1 << (emit.bits - 1)) - 1] * emit.width)

    def load(self, base: Any, offset: Any) -> Any:
        return self.of(self.emit.load(self.emit.vector_at(base, offset)))

    def of(self, vector: Any) -> Any:
        return self.builder.and_(self.builder.bitcast(vector, self.kind), self._positive)

    def store(self, value: Any, base: Any, offset: Any) -> None:
        self.emit.store(self.builder.bitcast(value, self.emit.vector), self.emit.vector_at(base, offset))

    def greater(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed(">", a, b), a, b)


@intrinsic
def note_greatest(typingctx: Any, source: Any, s0: Any, target: Any, t0: Any, count: Any) -> Any:
    """target[t0 + k] = the greater of itself and |source[s0 + k]| for k < count, of whole vectors.

    Both are contiguous arrays of one axis and one float type. Nothing checks bounds.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        magnitudes = _Magnitudes(emit)
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 2))
        with cgutils.for_range_slice(builder, I64(0), values[4], I64(emit.width), I64) as (k, _):
            greater = magnitudes.greater(magnitudes.load(source, k), magnitudes.load(target, k))
            magnitudes.store(greater, target, k)
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, target, size, size), generate


@intrinsic
def greatest(typingctx: Any, source: Any, s0: Any, count: Any) -> Any:
    """The greatest of |source[s0 + k]| for k < count, a multiple of the vector's width."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        magnitudes = _Magnitudes(emit)
        source = emit.pointer(signature.args[0], values[0], values[1])
        noted = cgutils.alloca_once_value(builder, magnitudes.zero)
        with cgutils.for_range_slice(builder, I64(0), values[2], I64(emit.width), I64) as (k, _):
            builder.store(magnitudes.greater(magnitudes.load(source, k), builder.load(noted)), noted)
        reduce = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(magnitudes.integer, [magnitudes.kind]),
            f"llvm.vector.reduce.smax.v{emit.width}i{emit.bits}",
        )
        return builder.bitcast(builder.call(reduce, [builder.load(noted)]), emit.element)

    return source.dtype(source, types.int64, types.int64), generate


@jit
def finite(a: Array) -> bool:
    """Whether no element of a contiguous array of one axis is infinite or NaN."""
    width = WIDTH // a.itemsize
    whole = a.size // width * width
    found = greatest(a, 0, whole) < np.inf
    for k in range(whole, a.size):
        found = found and np.isfinite(a[k])
    return bool(found)


@inner_jit
def transpose_noting(source: Rows, target: Rows, rows: int, columns: int, noted: Array) -> None:
    """``transpose``, and noted[i] is raised to the greatest |source[i, j]|; NaN may count as infinity."""
    s, s0, s_step = source
    t, t0, t_step = target
    width = WIDTH // s.itemsize
    if rows < width or columns < width:
        transpose(source, target, rows, columns)
        for i in range(rows):
            for j in range(columns):
                size = abs(s[s0 + i * s_step + j])
                noted[i] = max(noted[i], size if size == size else np.inf)
        return
    i = 0
    while i < rows:  # the last block of an axis may overlap the one before it
        top = min(i, rows - width)
        greatest_of = noted[top:]
        j = 0
        while j < columns:
            left = min(j, columns - width)
            _transpose_block_noting(
                s, s0 + top * s_step + left, s_step, t, t0 + left * t_step + top, t_step, greatest_of
            )
            j += width
        i += width


@intrinsic
def _transpose_block_noting(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, noted: Any
) -> Any:
    """``transpose_noting`` of as many rows and columns as a vector is wide."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        magnitudes = _Magnitudes(emit)
        source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 3))
        noted = emit.pointer(signature.args[6], values[6], I64(0))
        top = magnitudes.load(noted, I64(0))
        for j, column in enumerate(emit_columns(emit, source, values[2], I64(emit.width - 1))):
            emit.store(column, emit.vector_at(target, builder.mul(values[5], I64(j))))
            top = magnitudes.greater(magnitudes.of(column), top)
        magnitudes.store(top, noted, I64(0))
        return context.get_dummy_value()

    size = types.int64
    return types.void(source, size, size, target, size, size, noted), generate
