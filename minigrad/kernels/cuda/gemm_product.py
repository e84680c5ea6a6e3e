"""Matrix products in float32 by tiles of a pipeline, their operands read where they lie."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.arrays import Array, contiguous
from minigrad.kernels.cuda.products import add_shares, parts_of, plan

NAME = "gemm_product.cu"


def matmul(x: Array, y: Array, z: Array) -> None:
    """z = x @ y."""
    _product(x, y.T, None, 1, z, z.shape[1], 1)


def linear(x: Array, w: Array, b: Array, slope: float, y: Array) -> None:
    """y = leaky_relu(x @ w.T + b), computed as its transpose: a bias is a row's."""
    _product(w, x, b, slope, y, 1, y.shape[1])


def _product(
    left: Array, right: Array, b: Array | None, slope: float, z: Array, row_step: int, column_step: int
) -> None:
    """Of rows of `left` with rows of `right`; element (i, j) goes to i * row_step + j * column_step of z."""
    (m, depth), n = left.shape, right.shape[0]
    chosen = plan(NAME, m, n, depth)
    parts = parts_of(z, chosen.shares)
    (left_kind, left_memory), (right_kind, right_memory) = _lines(left), _lines(right)
    biased = b is not None and chosen.shares == 1
    epilogue = contiguous(b if biased and b is not None else left), np.float32(slope), np.int32(biased)
    numbers = (np.int32(number) for number in (row_step, column_step, chosen.shares, m, n, depth))
    chosen.source.launch(
        f"{left_kind}_by_{right_kind}",
        z.dtype,
        chosen.blocks,
        left_memory,
        right_memory,
        *epilogue,
        parts,
        *numbers,
    )
    add_shares(parts, z, b, slope)


def _lines(a: Array) -> tuple[str, Array]:
    """How the rows of `a` lie in memory, end to end ("rows") or side by side ("columns"), and where."""
    if a.flags.f_contiguous and not a.flags.c_contiguous:
        return "columns", contiguous(a.T)
    return "rows", contiguous(a)
