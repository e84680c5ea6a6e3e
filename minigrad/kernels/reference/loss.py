"""The logits losses."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.reference.arrays import put
from minigrad.types import Array

__all__ = ["mean_softplus", "mean_softplus_grad"]


def mean_softplus(x: Array, sign: float, *, out: Array | None = None) -> Array:
    """y = mean of log(1 + e^(sign x)) over all elements, finite for every finite x; sign is 1 or -1.

    x of any shape -> y of shape ().
    """
    z, wide = sign * x, np.promote_types(x.dtype, np.float64)
    y = np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), dtype=wide)
    return put("mean_softplus", np.asarray(y, x.dtype), out)


def mean_softplus_grad(g: Array, x: Array, sign: float, *, out: Array | None = None) -> Array:
    """gx = g sign sigmoid(sign x) / N, the gradient of mean_softplus; g of shape (), x of N elements."""
    z = sign * x
    small = np.exp(-np.abs(z))
    return put(
        "mean_softplus_grad",
        g * (sign * np.where(z >= 0, 1, small) / (1 + small) / x.size).astype(x.dtype),
        out,
    )
