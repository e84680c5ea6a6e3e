"""Classes at random, for blocks of rows whose float64 terms stay in the cache.

NumPy computes the exponentials: its vector instructions do eight at once, Numba's exp is called for each.
"""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_shares, output
from minigrad.kernels.cpu.runtime.compiling import checked, contiguous, jit, launch, workspace
from minigrad.types import Array

__all__ = ["choose_classes"]

BLOCK = 1 << 16  # terms of a block, if a row has no more


@jit
def _subtract(x: Array, largest: Array, terms: Array) -> None:
    """terms = x - largest, in float64; ``terms`` (n, classes) as one axis."""
    n, classes = x.shape
    for i in range(n):
        for k in range(classes):
            terms[i * classes + k] = np.float64(x[i, k]) - np.float64(largest[i])


@jit
def _choose(terms: Array, u: Array, y: Array) -> None:
    """Each row of ``terms`` (n, classes) becomes its running sums, and y[i] the first above the share."""
    classes = terms.size // y.size
    for i in range(y.size):
        sums = terms[i * classes : (i + 1) * classes]
        for k in range(1, classes):
            sums[k] += sums[k - 1]
        share, below = u[i] * sums[-1], 0
        for k in range(classes):
            below += sums[k] <= share
        y[i] = below


def choose_classes(x: Array, u: Array, *, out: Array | None = None) -> Array:
    """y[i] = the first class k with u[i] S < exp(x[i, 0]) + ... + exp(x[i, k]), where S is the whole sum.

    Logits x (n, classes) and shares u (n,) in [0, 1), float64 -> int64 (n,). The largest logit of each row
    must be finite. Sums are in float64. TypeError unless u is and x is float32 or float64, ValueError for
    shapes that do not fit. (Inverse transform sampling.)
    """
    checked("choose_classes", x)
    check_shares("choose_classes", x, u)
    y = output("choose_classes", out, u.shape, np.dtype(np.int64))
    n, classes = x.shape
    rows = max(1, BLOCK // classes)
    with launch(0):
        (memory,) = workspace.take(np.dtype(np.float64), min(rows, n) * classes)
        for first in range(0, n, rows):
            part = slice(first, first + rows)
            own = contiguous(x[part])
            terms = memory[: own.size]
            _subtract(own, own.max(axis=1), terms)
            np.exp(terms, out=terms)
            _choose(terms, contiguous(u[part]), y[part])
    return y
