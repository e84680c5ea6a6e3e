"""Small constant matrices applied to tiles of vectors, in registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.tiles.tile import I64, Emitter

Matrix = Sequence[Sequence[Fraction]]


def sandwich(left: Matrix, right: Matrix, s_step: int, t_step: int) -> Callable[..., None]:
    """A function for compiled code: from a tile d of vectors L d R^T."""

    @intrinsic
    def apply(
        typingctx: Any,
        source: Any,
        s0: Any,
        s_at: Any,
        s_first: Any,
        target: Any,
        t0: Any,
        t_at: Any,
        t_first: Any,
    ) -> Any:
        """Vector (i, j) of d lies at source[s0 + s_at[s_first + i s_step + j]]; the same for target."""
        integer = types.int64
        signature = types.void(source, integer, s_at, integer, target, integer, t_at, integer)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0])
            source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 4))
            s_at, t_at = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (2, 6))
            depth, columns = len(left[0]), len(right[0])

            def vector(base: Any, table: Any, index: int) -> Any:
                return emit.vector_at(base, builder.load(builder.gep(table, [I64(index)])))

            half = []  # by columns: half[j][i] = (L d)[i, j]
            for j in range(columns):
                column = [emit.load(vector(source, s_at, i * s_step + j)) for i in range(depth)]
                half.append([_combined(emit, factors, column) for factors in left])
            for i in range(len(left)):
                row = [half[j][i] for j in range(columns)]
                for k, factors in enumerate(right):
                    emit.store(_combined(emit, factors, row), vector(target, t_at, i * t_step + k))
            return context.get_dummy_value()

        return signature, generate

    return apply  # type: ignore[no-any-return]


def sandwich_row(depth: int, right: Matrix) -> Callable[..., None]:
    """A function for compiled code: from a tile d of (depth, columns) vectors one row l of L d R^T."""

    @intrinsic
    def apply(
        typingctx: Any,
        factors: Any,
        f0: Any,
        source: Any,
        s0: Any,
        s_at: Any,
        s_first: Any,
        s_step: Any,
        target: Any,
        t0: Any,
        t_step: Any,
    ) -> Any:
        """l[i] = factors[f0 + i]; d[i, j] lies at source[s0 + s_at[s_first + i s_step + j]].

        The results lie ``t_step`` apart from target[t0] on.
        """
        integer = types.int64
        signature = types.void(
            factors, integer, source, integer, s_at, integer, integer, target, integer, integer
        )

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[2])
            scalars = emit.pointer(signature.args[0], values[0], values[1])
            source = emit.pointer(signature.args[2], values[2], values[3])
            table = emit.pointer(signature.args[4], values[4], values[5])
            target = emit.pointer(signature.args[7], values[7], values[8])
            left = [emit.broadcast(builder.load(builder.gep(scalars, [I64(i)]))) for i in range(depth)]
            row = []
            for j in range(len(right[0])):
                result: Any = None
                for i in range(depth):
                    place = builder.add(builder.mul(values[6], I64(i)), I64(j))
                    vector = emit.load(emit.vector_at(source, builder.load(builder.gep(table, [place]))))
                    result = (
                        builder.fmul(left[i], vector)
                        if i == 0
                        else emit.multiply_add(left[i], vector, result)
                    )
                row.append(result)
            for k, combination in enumerate(right):
                emit.store(
                    _combined(emit, combination, row), emit.vector_at(target, builder.mul(values[9], I64(k)))
                )
            return context.get_dummy_value()

        return signature, generate

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
