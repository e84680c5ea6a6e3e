"""Leaky ReLU and its gate."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.reference.arrays import put
from minigrad.types import Array

__all__ = ["leaky_gate", "leaky_relu"]


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too."""
    return put("leaky_relu", np.where(x <= 0, slope * x if slope else np.zeros_like(x), x), out)


def leaky_gate(g: Array, x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g."""
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    return put("leaky_gate", np.where(x > 0, g, slope * g if slope else np.zeros_like(g)), out)
