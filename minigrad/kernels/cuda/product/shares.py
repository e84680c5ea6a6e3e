"""Sums in shares: where blocks put the parts of a result, and the kernel that adds them in order."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import blocks_for, contiguous, xp_of
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

SOURCE = Source("product/shares.cu")


def parts_of(y: Array, shares: int) -> Array:
    """Memory for ``shares`` results, which ``add_shares`` adds: y itself if there is one."""
    if shares == 1:
        return y
    parts: Array = xp_of(y).empty((shares, *y.shape), y.dtype)
    return parts


def add_shares(parts: Array, y: Array, b: Array | None, slope: float) -> None:
    """y (n, c, ...) = the sum of the parts in order, or with a bias leaky_relu(sum + b[c])."""
    if parts is y:
        return
    epilogue = y if b is None else contiguous(b), y.dtype.type(slope), np.int32(b is not None)
    sizes = np.int32(len(parts)), np.int32(y.shape[1]), np.int32(math.prod(y.shape[2:])), np.int64(y.size)
    SOURCE.launch("add_biased_shares", y.dtype, blocks_for(y.size), parts, *epilogue, y, *sizes)
