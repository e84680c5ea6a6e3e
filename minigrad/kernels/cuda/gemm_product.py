"""Matrix products in float32 by tiles of a pipeline, their operands read where they lie."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.arrays import Array, contiguous
from minigrad.kernels.cuda.products import PLAIN, TILES, Kind, add_shares, parts_of, plan, sources

NAME = "gemm_product.cu"
FEWER = TILES["fp32"][1]._replace(resident=6)  # where each item's place takes registers, a block has more
STACKED = Kind((("STACKED", 1),), (("fp32", (FEWER, FEWER)), ("tf32", TILES["tf32"])))
SOURCES = sources(NAME, PLAIN, STACKED)


def matmul(x: Array, y: Array, z: Array) -> None:
    """z = x @ y."""
    stacked_matmul(x[None], y[None], z)


def stacked_matmul(x: Array, y: Array, z: Array) -> None:
    """z[s] = x[s] @ y[s]; x and y have one item for each of z's, or one for all."""
    _product(x, y.swapaxes(1, 2), None, 1, z, z.shape[-1], 1)


def linear(x: Array, w: Array, b: Array, slope: float, y: Array) -> None:
    """y = leaky_relu(x @ w.T + b), computed as its transpose: a bias is a row's."""
    _product(w[None], x[None], b, slope, y, 1, y.shape[1])


def _product(
    left: Array, right: Array, b: Array | None, slope: float, z: Array, row_step: int, column_step: int
) -> None:
    """Of rows of `left` with rows of `right`; element (i, j) goes to i * row_step + j * column_step of z.

    Both are stacks of matrices, as are the results; an operand with one item has it for all.
    """
    (m, depth), n, items = left.shape[1:], right.shape[1], max(len(left), len(right))
    chosen = plan(NAME, m, n, depth, items, STACKED if items > 1 else PLAIN)
    parts = parts_of(z, chosen.shares)
    (left_kind, left_memory), (right_kind, right_memory) = _lines(left), _lines(right)
    biased = b is not None and chosen.shares == 1
    epilogue = contiguous(b if biased and b is not None else left), np.float32(slope), np.int32(biased)
    numbers = row_step, column_step, chosen.shares, m, n, depth, items, item_step(left), item_step(right)
    chosen.source.launch(
        f"{left_kind}_by_{right_kind}",
        z.dtype,
        chosen.blocks,
        left_memory,
        right_memory,
        *epilogue,
        parts,
        *(np.int32(number) for number in numbers),
    )
    add_shares(parts, z, b, slope)


def item_step(a: Array) -> int:
    """From an item of a stack to the next; 0 if it is one for all."""
    return 0 if len(a) == 1 else a.shape[1] * a.shape[2]


def _lines(a: Array) -> tuple[str, Array]:
    """How the rows of items lie in memory, end to end ("rows") or side by side ("columns"), and where."""
    across = a.swapaxes(1, 2)
    if across.flags.c_contiguous and not a.flags.c_contiguous:
        return "columns", contiguous(across)
    return "rows", contiguous(a)
