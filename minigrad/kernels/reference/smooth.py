"""The hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import output
from minigrad.types import Array

__all__ = ["tanh"]


def tanh(x: Array, *, out: Array | None = None) -> Array:
    """y = the hyperbolic tangent of x, elementwise."""
    y = output("tanh", out, x.shape, x.dtype)
    np.tanh(x, out=y)
    return y
