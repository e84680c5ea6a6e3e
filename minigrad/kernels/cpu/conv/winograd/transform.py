"""Small constant matrices applied to tiles of vectors, in registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.conv.tables import Table
from minigrad.kernels.cpu.tiles.registers import I64, Emitter
from minigrad.types import Array

Matrix = Sequence[Sequence[Fraction]]


class Scattered(NamedTuple):
    """Vectors in flat memory: vector k of a tile begins at start + at[first + k].

    One serves many tiles, with ``start`` and ``first`` beside it: each new one would count references.
    """

    memory: Array
    at: Table


def _scattered(
    emit: Emitter, kind: types.NamedTuple, value: Any, start: Any, first: Any
) -> Callable[[int], Any]:
    """From k to the address of vector k."""
    base = emit.pointer(kind.types[0], emit.builder.extract_value(value, 0), start)
    table = emit.pointer(kind.types[1], emit.builder.extract_value(value, 1), first)

    def vector(k: int) -> Any:
        return emit.vector_at(base, emit.builder.load(emit.builder.gep(table, [I64(k)])))

    return vector


def sandwich(left: Matrix, right: Matrix, s_step: int, t_step: int) -> Callable[..., None]:
    """A function for compiled code: from a tile d of vectors L d R^T.

    Element (i, j) of d is vector i s_step + j of the Scattered ``source``; the same for ``target``.
    """

    @intrinsic
    def apply(typingctx: Any, source: Any, s0: Any, s_first: Any, target: Any, t0: Any, t_first: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0].types[0])
            vector, result = (_scattered(emit, signature.args[k], *values[k : k + 3]) for k in (0, 3))
            depth, columns = len(left[0]), len(right[0])
            half = []  # by columns: half[j][i] = (L d)[i, j]
            for j in range(columns):
                column = [emit.load(vector(i * s_step + j)) for i in range(depth)]
                half.append([_combined(emit, factors, column) for factors in left])
            for i in range(len(left)):
                row = [half[j][i] for j in range(columns)]
                for k, factors in enumerate(right):
                    emit.store(_combined(emit, factors, row), result(i * t_step + k))
            return context.get_dummy_value()

        size = types.int64
        return types.void(source, size, size, target, size, size), generate

    return apply  # type: ignore[no-any-return]


def sandwich_row(depth: int, right: Matrix, s_step: int) -> Callable[..., None]:
    """A function for compiled code: from a tile d of (depth, columns) vectors one row l of L d R^T.

    l[i] = factors[i]; element (i, j) of d is vector i s_step + j of the Scattered ``source``. The results lie
    ``t_step`` apart from target[t0] on.
    """

    @intrinsic
    def apply(
        typingctx: Any, factors: Any, source: Any, s0: Any, s_first: Any, target: Any, t0: Any, t_step: Any
    ) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0])
            scalars = emit.pointer(signature.args[0], values[0], I64(0))
            vector = _scattered(emit, signature.args[1], *values[1:4])
            target, step = emit.pointer(signature.args[4], values[4], values[5]), values[6]
            left = [emit.broadcast(builder.load(builder.gep(scalars, [I64(i)]))) for i in range(depth)]
            row = []
            for j in range(len(right[0])):
                result: Any = None
                for i in range(depth):
                    value = emit.load(vector(i * s_step + j))
                    result = (
                        builder.fmul(left[i], value) if i == 0 else emit.multiply_add(left[i], value, result)
                    )
                row.append(result)
            for k, combination in enumerate(right):
                emit.store(
                    _combined(emit, combination, row), emit.vector_at(target, builder.mul(step, I64(k)))
                )
            return context.get_dummy_value()

        size = types.int64
        return types.void(factors, source, size, size, target, size, size), generate

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
