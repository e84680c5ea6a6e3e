"""The hyperbolic tangent, a vector at a time.

With e = (exp(2|x|) - 1) / 2 it is e / (e + 1), and has the sign of x. For |x| = n ln(2) / 2 + t with an
integer n, e = 2^n (exp(2t) - 1) / 2 + 2^(n - 1) - 1/2, where 2|t| is at most ln(2) / 2. So it keeps its
digits near 0, is odd, and is never above 1. float64 is left to NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import by_dtype, checked, elements
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for, threads_allowed
from minigrad.kernels.cpu.tiles.registers import I64, Emitter
from minigrad.kernels.launching import launch
from minigrad.types import Array

__all__ = ["tanh"]

ALONE = 1 << 14  # elements that one thread computes while two are started
LINE = 64  # elements to a multiple of which the threads' shares are rounded

MOST = 10.0  # from here on the tangent rounds to 1
HALF = math.log(2) / 2
ROUNDS = 1.5 * 2**23  # added to a small number, it rounds that to an integer, which its last bits hold
BITS = 23  # of a float's fraction, behind its exponent
SERIES = [2 ** (k - 1) / math.factorial(k) for k in range(2, 8)]  # of (exp(2t) - 1) / 2, from t^2 on


class Steps:
    """Instructions on vectors of float32."""

    def __init__(self, emit: Emitter) -> None:
        self.emit, self.builder = emit, emit.builder
        self.integers = ir.VectorType(ir.IntType(32), emit.width)

    def bits(self, value: Any) -> Any:
        """The bits of floats, as integers."""
        return self.builder.bitcast(value, self.integers)

    def floats(self, bits: Any) -> Any:
        """The floats that have these bits."""
        return self.builder.bitcast(bits, self.emit.vector)

    def whole(self, value: int) -> Any:
        """An integer in every lane."""
        return ir.Constant(self.integers, [value] * self.emit.width)

    def tanh(self, x: Any) -> Any:
        """The tangent of x."""
        emit, builder, fma = self.emit, self.builder, self.emit.multiply_add
        most, rounds, one = emit.constant(MOST), emit.constant(ROUNDS), emit.constant(1.0)
        sign = builder.and_(self.bits(x), self.whole(-(2**31)))
        size = self.floats(builder.xor(self.bits(x), sign))
        size = builder.select(builder.fcmp_ordered(">", size, most), most, size)  # NaN stays
        rounded = fma(size, emit.constant(1 / HALF), rounds)
        t = fma(builder.fsub(rounded, rounds), emit.constant(-HALF), size)
        series = emit.constant(SERIES[-1])
        for factor in SERIES[-2::-1]:
            series = fma(series, t, emit.constant(factor))
        series = fma(builder.fmul(t, t), series, t)
        exponent = builder.shl(self.bits(rounded), self.whole(BITS))
        power = self.floats(builder.add(exponent, self.bits(one)))  # 2^n
        e = fma(power, series, fma(power, emit.constant(0.5), emit.constant(-0.5)))
        y = builder.fdiv(e, builder.fadd(e, one))
        return self.floats(builder.or_(self.bits(y), sign))


@intrinsic
def _fill_tanh(typingctx: Any, x: Any, begin: Any, end: Any, y: Any) -> Any:
    """y[i] = tanh(x[i]) for begin <= i < end; x and y are contiguous and have one axis."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        steps, end = Steps(emit), values[2]
        source, target = (emit.pointer(signature.args[k], values[k], I64(0)) for k in (0, 3))
        whole = builder.add(values[1], builder.and_(builder.sub(end, values[1]), I64(-emit.width)))
        with cgutils.for_range_slice(builder, values[1], whole, I64(emit.width), I64) as (i, _):
            emit.store(steps.tanh(emit.load(emit.vector_at(source, i))), emit.vector_at(target, i))
        with builder.if_then(builder.icmp_signed("<", whole, end)):
            some = emit.first_lanes(builder.sub(end, whole))
            result = steps.tanh(emit.load_some(emit.vector_at(source, whole), some))
            emit.store_some(result, emit.vector_at(target, whole), some)
        return context.get_dummy_value()

    return types.void(x, types.int64, types.int64, y), generate


@inner_jit
def _share(share: int, shares: int, x: Array, y: Array) -> None:
    """A share of the elements."""
    lines = (x.size + LINE - 1) // LINE
    _fill_tanh(x, share * lines // shares * LINE, min(x.size, (share + 1) * lines // shares * LINE), y)


@by_dtype(lambda element: (types.Array(element, 1, "C"), types.Array(element, 1, "C")))
def _tanh(x: Array, y: Array) -> None:
    shares = 1 if x.size <= ALONE else threads_allowed()
    parallel_for(shares, _share, shares, x, y)


def tanh(x: Array, *, out: Array | None = None) -> Array:
    """y = the hyperbolic tangent of x, elementwise; in float32 to 2.5 units in the last place.

    TypeError unless x is float32 or float64.
    """
    checked("tanh", x)
    y = output("tanh", out, x.shape, x.dtype)
    if x.dtype.itemsize == 8:
        launch(np.tanh, x, y)
    else:
        launch(_tanh[x.dtype], elements(x), y.ravel())
    return y
