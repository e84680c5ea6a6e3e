"""Matrix products in float32 by the pipelined tile, which reads their operands in place."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.product.columns import ColumnSums, gate_shares
from minigrad.kernels.cuda.product.planning import PLAIN, TILES, Kind, Plan, plan, sources
from minigrad.kernels.cuda.product.shares import add_shares, parts_of
from minigrad.kernels.cuda.product.simple_tile import item_step
from minigrad.kernels.cuda.runtime.arrays import contiguous
from minigrad.types import Array

NAME = "gemm/pipelined.cu"
FEWER = TILES["fp32"][1]._replace(resident=6)  # a stack's offsets take registers of their own
STACK_TILES = ("fp32", (FEWER, FEWER)), ("tf32", TILES["tf32"])

STACKED = Kind((("STACKED", 1),), STACK_TILES)
GATED = Kind((("GATED", 1),))
SOURCES = sources(NAME, PLAIN, STACKED, GATED)

Epilogue = tuple[Array, np.float32, np.int32]


def matmul(x: Array, y: Array, z: Array) -> None:
    """z = x @ y."""
    stacked_matmul(x[None], y[None], z)


def stacked_matmul(x: Array, y: Array, z: Array) -> None:
    """z[s] = x[s] @ y[s]; x and y have one item for each of z's, or one for all."""
    _product(x, y.swapaxes(1, 2), None, 1, z, z.shape[-1], 1)


def matmul_gate(x: Array, y: Array, own: Array, slope: float, z: Array, sums: ColumnSums) -> None:
    """z = x @ y where own > 0, slope * (x @ y) elsewhere, and the sums of its columns."""
    left, right, steps = x[None], y.swapaxes(0, 1)[None], (z.shape[1], 1)
    chosen = _plan(left, right, GATED)
    if chosen.shares == 1:
        _launch(chosen, left, right, (own, np.float32(slope), np.int32(0)), z, steps, sums)
    else:
        parts = parts_of(z, chosen.shares)
        _launch(_plan(left, right, PLAIN), left, right, _epilogue(None, 1, left), parts, steps, None)
        gate_shares(parts, own, slope, z, sums)


def linear(x: Array, w: Array, b: Array, slope: float, y: Array) -> None:
    """y = leaky_relu(x @ w.T + b), computed as its transpose, in which the bias belongs to rows."""
    _product(w[None], x[None], b, slope, y, 1, y.shape[1])


def _product(
    left: Array, right: Array, b: Array | None, slope: float, z: Array, row_step: int, column_step: int
) -> None:
    """z = products of the rows of two operands; element (i, j) goes to i * row_step + j * column_step of z.

    Both are stacks of matrices, as are the results; an operand with one item has it for all.
    """
    chosen = _plan(left, right, STACKED if max(len(left), len(right)) > 1 else PLAIN)
    parts = parts_of(z, chosen.shares)
    epilogue = _epilogue(b if chosen.shares == 1 else None, slope, left)
    _launch(chosen, left, right, epilogue, parts, (row_step, column_step), None)
    add_shares(parts, z, b, slope)


def _plan(left: Array, right: Array, kind: Kind) -> Plan:
    items = max(len(left), len(right))
    return plan(NAME, left.shape[1], right.shape[1], left.shape[2], items, kind)


def _epilogue(b: Array | None, slope: float, unused: Array) -> Epilogue:
    """The kernels' arguments b, slope, biased."""
    return contiguous(unused if b is None else b), np.float32(slope), np.int32(b is not None)


def _launch(
    chosen: Plan,
    left: Array,
    right: Array,
    epilogue: Epilogue,
    z: Array,
    steps: tuple[int, int],
    sums: ColumnSums | None,
) -> None:
    (left_kind, left_memory), (right_kind, right_memory) = _lines(left), _lines(right)
    sizes = left.shape[1], right.shape[1], left.shape[2]
    stack = max(len(left), len(right)), item_step(left), item_step(right)
    numbers = (np.int32(number) for number in (*steps, chosen.shares, *sizes, *stack))
    chosen.source.launch(
        f"{left_kind}_by_{right_kind}",
        z.dtype,
        chosen.blocks,
        left_memory,
        right_memory,
        *epilogue,
        z,
        *numbers,
        *(() if sums is None else sums.arguments),
    )


def _lines(a: Array) -> tuple[str, Array]:
    """How the rows of items lie in memory: end to end ("rows") or side by side ("columns"); and the array."""
    across = a.swapaxes(1, 2)
    if across.flags.c_contiguous and not a.flags.c_contiguous:
        return "columns", contiguous(across)
    return "rows", contiguous(a)
