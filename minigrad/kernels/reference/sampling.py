"""Classes at random."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_shares
from minigrad.kernels.reference.arrays import put
from minigrad.types import Array

__all__ = ["choose_classes"]


def choose_classes(x: Array, u: Array, *, out: Array | None = None) -> Array:
    """y[i] = the first class k with u[i] S < exp(x[i, 0]) + ... + exp(x[i, k]), where S is the whole sum.

    Logits x (n, classes) and shares u (n,) in [0, 1), float64 -> int64 (n,). The largest logit of each row
    must be finite. Sums are in float64. TypeError unless u is, ValueError for shapes that do not fit.
    (Inverse transform sampling.)
    """
    check_shares("choose_classes", x, u)
    logits = x.astype(np.float64)
    sums = np.cumsum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
    return put("choose_classes", (sums <= u[:, None] * sums[:, -1:]).sum(axis=1, dtype=np.int64), out)
