"""Small constant matrices applied to tiles of vectors, in registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.tile import I64, Emitter

Matrix = Sequence[Sequence[Fraction]]


def sandwich(matrix: Matrix) -> Callable[..., None]:
    """A function for compiled code: from a tile d of (columns, columns) vectors M d M^T of (rows, rows)."""

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
        """Vector (i, j) lies at source[s0 + s_at[s_first + i columns + j]]; the same for target."""
        integer = types.int64
        signature = types.void(source, integer, s_at, integer, target, integer, t_at, integer)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            emit = Emitter(context, builder, signature.args[0])
            source, target = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (0, 4))
            s_at, t_at = (emit.pointer(signature.args[k], values[k], values[k + 1]) for k in (2, 6))
            rows, columns = len(matrix), len(matrix[0])

            def vector(base: Any, table: Any, index: int) -> Any:
                return emit.vector_at(base, builder.load(builder.gep(table, [I64(index)])))

            half = []  # by columns: half[j][i] = (M d)[i, j]
            for j in range(columns):
                column = [emit.load(vector(source, s_at, i * columns + j)) for i in range(columns)]
                half.append([_combined(emit, factors, column) for factors in matrix])
            for i in range(rows):
                row = [half[j][i] for j in range(columns)]
                for k, factors in enumerate(matrix):
                    emit.store(_combined(emit, factors, row), vector(target, t_at, i * rows + k))
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
