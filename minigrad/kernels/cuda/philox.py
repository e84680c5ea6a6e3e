"""Philox4x32-10 and the Box-Muller transform, the state in the device's memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from minigrad.kernels.cuda.runtime.arrays import blocks_for, output
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.kernels.philox import Shape, check_philox, values_used
from minigrad.types import Array

__all__ = ["philox_normal", "philox_uniform"]

SOURCE = Source("philox.cu")


def philox_uniform(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers of the uniform distribution on [0, 1), multiples of 2^-24 in float32 and 2^-53 in float64.

    ``state`` is uint64 (3,): key and counter, which counts on. The numbers are of ``shape``, in ``out`` if
    given. TypeError unless the dtype is float32 or float64, ValueError for another state. (Salmon et al.
    2011.)
    """
    return _philox("philox_uniform", state, shape, dtype, out)


def philox_normal(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers from N(0, 1): sqrt(-2 log u) times the cosine and the sine of 2 pi v. As philox_uniform.

    u lies in (0, 1], v in [0, 1); a pair of words gives a pair of numbers. (Box and Muller 1958.)
    """
    return _philox("philox_normal", state, shape, dtype, out)


def _philox(name: str, state: Array, shape: Shape, dtype: DTypeLike, out: Array | None) -> Array:
    check_philox(name, state, dtype)
    y = output(name, out, shape, state, np.dtype(dtype))
    if y.size:
        values = values_used(y.size, y.dtype)
        SOURCE.launch(name, y.dtype, blocks_for(values), state, y, np.int64(y.size), np.int64(values))
        SOURCE.launch("philox_advance", y.dtype, 1, state, np.int64(values))
    return y
