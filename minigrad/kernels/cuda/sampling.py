"""Classes at random, by CuPy's functions: its scan along an axis is what a kernel of its own would do."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_shares
from minigrad.kernels.cuda.runtime.arrays import checked, output, xp_of
from minigrad.types import Array

__all__ = ["choose_classes"]


def choose_classes(x: Array, u: Array, *, out: Array | None = None) -> Array:
    """y[i] = the first class k with u[i] S < exp(x[i, 0]) + ... + exp(x[i, k]), where S is the whole sum.

    Logits x (n, classes) and shares u (n,) in [0, 1), float64 -> int64 (n,). The largest logit of each row
    must be finite. Sums are in float64. TypeError unless u is and x is float32 or float64, ValueError for
    shapes that do not fit. (Inverse transform sampling.)
    """
    checked("choose_classes", x)
    check_shares("choose_classes", x, u)
    y, xp = output("choose_classes", out, u.shape, x, np.dtype(np.int64)), xp_of(x)
    logits = x.astype(np.float64)
    sums = xp.cumsum(xp.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
    y[...] = (sums <= u[:, None] * sums[:, -1:]).sum(axis=1)
    return y
