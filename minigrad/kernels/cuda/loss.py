"""The mean of softplus over logits, which the losses of GANs are made of, and its gradient."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import blocks_for, checked, contiguous, output
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

__all__ = ["mean_softplus", "mean_softplus_grad"]

SOURCE = Source("loss.cu")


def mean_softplus(x: Array, sign: float, *, out: Array | None = None) -> Array:
    """y = mean of log(1 + e^(sign x)) over all elements, finite for every finite x; sign is 1 or -1.

    x of any shape -> y of shape (). TypeError unless x is float32 or float64.
    """
    checked("mean_softplus", x)
    y = output("mean_softplus", out, (), x)
    if x.size == 0:
        y.fill(np.nan)
    else:
        SOURCE.launch("mean_softplus", x.dtype, 1, contiguous(x), np.float64(sign), y, np.int64(x.size))
    return y


def mean_softplus_grad(g: Array, x: Array, sign: float, *, out: Array | None = None) -> Array:
    """gx = g sign sigmoid(sign x) / N, the gradient of mean_softplus; g of shape (), x of N elements."""
    checked("mean_softplus_grad", g, x)
    gx = output("mean_softplus_grad", out, x.shape, x)
    if x.size:
        arrays, blocks = (contiguous(g), contiguous(x)), blocks_for(x.size)
        SOURCE.launch("mean_softplus_grad", x.dtype, blocks, *arrays, np.float64(sign), gx, np.int64(x.size))
    return gx
