"""A bias with leaky ReLU behind it, and the gradient."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.reference.activation import leaky_gate, leaky_relu
from minigrad.kernels.reference.arrays import per_channel, put, put_all
from minigrad.types import Array, Both

__all__ = ["bias_leaky_relu", "bias_leaky_relu_grad", "scale_bias_leaky_relu"]


def bias_leaky_relu(x: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(x + b[c]): x (n, c, ...), b (c,) -> y of x's shape; ``out`` may be x itself."""
    return leaky_relu(x + per_channel(b, x.ndim), slope, out=out)


def bias_leaky_relu_grad(g: Array, y: Array, slope: float, *, out: Both | None = None) -> Both:
    """The gradients of bias_leaky_relu, for the gradient g of its output y, by x and by b.

    gx = g where y > 0, slope * g elsewhere (the slope is at least 0); gb = sum of gx over all axes but 1.
    g and y (n, c, ...).
    """
    gx = leaky_gate(g, y, slope)
    gb = gx.sum(axis=(0, *range(2, y.ndim)), dtype=np.promote_types(y.dtype, np.float64)).astype(y.dtype)
    return put_all("bias_leaky_relu_grad", (gx, gb), out)


def scale_bias_leaky_relu(x: Array, s: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(s[c] x + b[c]): x (n, c, ...), s and b (c,) -> y of x's shape, in ``out`` if given."""
    return put("scale_bias_leaky_relu", bias_leaky_relu(x * per_channel(s, x.ndim), b, slope), out)
