"""The mean of softplus over logits, of which the losses of GANs consist, and its gradient."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import checked, contiguous, jit
from minigrad.kernels.launching import launch
from minigrad.types import Array

__all__ = ["mean_softplus", "mean_softplus_grad"]

BLOCK = 4096  # elements of a block: the blocks are summed one by one, then their sums


@jit
def _mean(x: Array, sign: float, y: Array) -> None:
    """y[0] = mean of softplus(sign x)."""
    total = 0.0
    for first in range(0, x.size, BLOCK):
        some = 0.0
        for i in range(first, min(first + BLOCK, x.size)):
            z = sign * np.float64(x[i])
            some += max(z, 0.0) + math.log1p(math.exp(-abs(z))) if z == z else z
        total += some
    y[0] = total / x.size


@jit
def _gradient(g: Array, x: Array, sign: float, gx: Array) -> None:
    factor = g[0] * sign / x.size
    for i in range(x.size):
        z = sign * np.float64(x[i])
        small = math.exp(-abs(z))
        gx[i] = factor * (1.0 if z >= 0 else small) / (1.0 + small)


def mean_softplus(x: Array, sign: float, *, out: Array | None = None) -> Array:
    """y = mean of log(1 + e^(sign x)) over all elements, finite for every finite x; sign is 1 or -1.

    x of any shape -> y of shape (). TypeError unless x is float32 or float64.
    """
    checked("mean_softplus", x)
    y = output("mean_softplus", out, (), x.dtype)
    launch(_mean, contiguous(x).reshape(-1), float(sign), y.reshape(-1))
    return y


def mean_softplus_grad(g: Array, x: Array, sign: float, *, out: Array | None = None) -> Array:
    """gx = g sign sigmoid(sign x) / N, the gradient of mean_softplus; g of shape (), x of N elements."""
    checked("mean_softplus_grad", g, x)
    gx = output("mean_softplus_grad", out, x.shape, x.dtype)
    launch(_gradient, contiguous(g).reshape(-1), contiguous(x).reshape(-1), float(sign), gx.reshape(-1))
    return gx
