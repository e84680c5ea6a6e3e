"""Transposing and packing: how operands get the order in which the products read them."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.tiles.registers import I64, ROWS, WIDTH, Emitter
from minigrad.types import Array


class Rows(NamedTuple):
    """Rows of a matrix in flat memory: element (i, j) lies at start + i step + j."""

    memory: Array
    start: int
    step: int


@intrinsic
def _transpose_block(
    typingctx: Any, source: Any, s0: Any, s_step: Any, target: Any, t0: Any, t_step: Any, rows: Any
) -> Any:
    """target[t0 + j t_step + i] = source[s0 + min(i, rows - 1) s_step + j], i and j below the width."""
    integer = types.int64
    return types.void(source, integer, integer, target, integer, integer, integer), _emit_transposition


def _emit_transposition(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    emit = Emitter(context, builder, signature.args[0])
    source = emit.pointer(signature.args[0], values[0], values[1])
    target = emit.pointer(signature.args[3], values[3], values[4])
    last = builder.sub(values[6], I64(1))
    for j, column in enumerate(emit_columns(emit, source, values[2], last)):
        emit.store(column, emit.vector_at(target, builder.mul(values[5], I64(j))))
    return context.get_dummy_value()


def emit_columns(emit: Emitter, source: Any, step: Any, last: Any) -> list[Any]:
    """The columns of a block, whose rows start ``step`` apart: as many of each as a vector is wide.

    Row ``last`` is read in the place of those after it.
    """
    width, builder = emit.width, emit.builder
    numbers = [builder.select(builder.icmp_signed("<", I64(i), last), I64(i), last) for i in range(width)]
    rows = [emit.load(emit.vector_at(source, builder.mul(step, number))) for number in numbers]
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
def transpose(source: Rows, target: Rows, rows: int, columns: int) -> None:
    """target[j, i] = source[i, j] for i < rows, j < columns."""
    s, s0, s_step = source
    t, t0, t_step = target
    width = WIDTH // s.itemsize
    if rows < width or columns < width:
        for i in range(rows):
            for j in range(columns):
                t[t0 + j * t_step + i] = s[s0 + i * s_step + j]
        return
    i = 0
    while i < rows:  # the last block of an axis may overlap the one before it
        top = min(i, rows - width)
        j = 0
        while j < columns:
            left = min(j, columns - width)
            _transpose_block(s, s0 + top * s_step + left, s_step, t, t0 + left * t_step + top, t_step, width)
            j += width
        i += width


def rounded_up(size: int, step: int) -> int:
    """The least multiple of ``step`` that is not below ``size``."""
    return -(-size // step) * step


def packed_size(columns: int, lanes: int) -> int:
    """Elements that ``pack_rows`` may write for a panel of ``columns``."""
    return rounded_up(columns * ROWS + lanes, 16)


@inner_jit
def pack_rows(source: Rows, rows: int, columns: int, target: Array, t0: int) -> None:
    """target[t0 + j ROWS + r] = source[r, j] for j < columns and r < ROWS.

    ``rows`` counts those that may be read; the last is repeated. The elements behind the last,
    fewer than a vector has, may be overwritten.
    """
    s, s0, s_step = source
    width = WIDTH // s.itemsize
    if columns < width:
        for r in range(ROWS):
            row = s0 + min(r, rows - 1) * s_step
            for j in range(columns):
                target[t0 + j * ROWS + r] = s[row + j]
        return
    top = (ROWS - 1) // width * width
    j = 0
    while j < columns:
        left = min(j, columns - width)
        # a block writes past its rows, where the next one, or the next column's first, will write later
        for r in range(top, -1, -width):
            start, place = s0 + r * s_step + left, t0 + left * ROWS + r
            _transpose_block(s, start, s_step, target, place, ROWS, rows - r)
        j += width
