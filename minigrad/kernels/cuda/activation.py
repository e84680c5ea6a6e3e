"""Leaky ReLU and its gate, elementwise."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import blocks_for, checked, contiguous, output
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

__all__ = ["leaky_gate", "leaky_relu"]

SOURCE = Source("activation.cu")


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too.

    TypeError unless x is float32 or float64.
    """
    checked("leaky_relu", x)
    y = output("leaky_relu", out, x.shape, x)
    if y.size:
        number, blocks = x.dtype.type, blocks_for(y.size)
        SOURCE.launch("leaky_relu", x.dtype, blocks, contiguous(x), number(slope), y, np.int64(y.size))
    return y


def leaky_gate(g: Array, x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g.

    TypeError unless both are float32 or both float64, ValueError if the shapes differ.
    """
    checked("leaky_gate", g, x)
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    y = output("leaky_gate", out, x.shape, x)
    if y.size:
        arrays, number = (contiguous(g), contiguous(x)), x.dtype.type
        SOURCE.launch("leaky_gate", x.dtype, blocks_for(y.size), *arrays, number(slope), y, np.int64(y.size))
    return y
