"""Small constant matrices applied to tiles of vectors, in registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.conv.tables import Table
from minigrad.kernels.cpu.runtime.compiling import Array
from minigrad.kernels.cpu.tiles.registers import I64, Emitter

Matrix = Sequence[Sequence[Fraction]]


class Scattered(NamedTuple):
    """Vectors in flat memory: vector k begins at start + at[first + k]."""

    memory: Array
    start: int
    at: Table
    first: int


def _scattered(emit: Emitter, kind: types.NamedTuple, value: Any) -> Callable[[Any], Any]:
    """From k, as a constant or a value, to the address of vector k."""
    memory, start, at, first = (emit.builder.extract_value(value, i) for i in range(4))
    base = emit.pointer(kind.types[0], memory, start)
    table = emit.pointer(kind.types[2], at, first)

    def vector(k: Any) -> Any:
        return emit.vector_at(base, emit.builder.load(emit.builder.gep(table, [k])))

    return vector


def sandwich(left: Matrix, right: Matrix, s_step: int, t_step: int) -> Callable[..., None]:
    """A function for compiled code: from a tile d of vectors L d R^T.

    The Scattered vectors ``source`` have (i, j) of d as vector i s_step + j; the same for ``target``.
    """

    @intrinsic
    def apply(typingctx: Any, source: Any, target: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0].types[0])
            vector, result = (_scattered(emit, signature.args[k], values[k]) for k in (0, 1))
            depth, columns = len(left[0]), len(right[0])
            half = []  # by columns: half[j][i] = (L d)[i, j]
            for j in range(columns):
                column = [emit.load(vector(I64(i * s_step + j))) for i in range(depth)]
                half.append([_combined(emit, factors, column) for factors in left])
            for i in range(len(left)):
                row = [half[j][i] for j in range(columns)]
                for k, factors in enumerate(right):
                    emit.store(_combined(emit, factors, row), result(I64(i * t_step + k)))
            return context.get_dummy_value()

        return types.void(source, target), generate

    return apply  # type: ignore[no-any-return]


def sandwich_row(depth: int, right: Matrix, s_step: int) -> Callable[..., None]:
    """A function for compiled code: from a tile d of (depth, columns) vectors one row l of L d R^T.

    l[i] = factors[f0 + i]; the Scattered vectors ``source`` have d[i, j] as vector i s_step + j, and the
    results are the beginnings of the Rows ``target``.
    """

    @intrinsic
    def apply(typingctx: Any, factors: Any, f0: Any, source: Any, target: Any) -> Any:

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0])
            scalars = emit.pointer(signature.args[0], values[0], values[1])
            vector = _scattered(emit, signature.args[2], values[2])
            memory, start, step = (builder.extract_value(values[3], i) for i in range(3))
            target = emit.pointer(signature.args[3].types[0], memory, start)
            left = [emit.broadcast(builder.load(builder.gep(scalars, [I64(i)]))) for i in range(depth)]
            row = []
            for j in range(len(right[0])):
                result: Any = None
                for i in range(depth):
                    value = emit.load(vector(I64(i * s_step + j)))
                    result = (
                        builder.fmul(left[i], value) if i == 0 else emit.multiply_add(left[i], value, result)
                    )
                row.append(result)
            for k, combination in enumerate(right):
                emit.store(
                    _combined(emit, combination, row), emit.vector_at(target, builder.mul(step, I64(k)))
                )
            return context.get_dummy_value()

        return types.void(factors, types.int64, source, target), generate

    return apply  # type: ignore[no-any-return]


def _combined(emit: Emitter, factors: Sequence[Fraction], vectors: Sequence[Any]) -> Any:
    """The sum of factor times vector, with as few instructions as the factors allow."""
    result: Any = None
    terms = [(factor, vector) for factor, vector in zip(factors, vectors, strict=True) if factor]
    for factor, vector in sorted(
        terms, key=lambda term: term[0] != 1
    ):  # begin with one that needs no product
        if result is None:
            result = vector if factor == 1 else emit.builder.fmul(emit.constant(float(factor)), vector)
        elif abs(factor) == 1:
            join = emit.builder.fadd if factor > 0 else emit.builder.fsub
            result = join(result, vector)
        else:
            result = emit.multiply_add(emit.constant(float(factor)), vector, result)
    return result
