"""The moments of channels, (3, pieces, channels): made from an array or with it, and merged by batch norm.

An array's channels are summed by slices of a size that does not depend on the device, in float64. The pass
that adds the shares of a convolution's product makes its moments too.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import contiguous, output, slices_of
from minigrad.kernels.cuda.runtime.loading import THREADS, Source
from minigrad.types import Array

EACH = 4  # elements that a thread keeps while a block adds shares

SOURCE = Source("norm/moments.cu", EACH=EACH)


def empty_moments(name: str, out: Array | None, pieces: int, y: Array) -> Array:
    """``out``, or a new array, for the moments (3, pieces, c) of y (n, c, ...)."""
    return output(name, out, (3, pieces, y.shape[1]), y, np.dtype(np.float64))


def slice_moments(name: str, x: Array, out: Array | None = None) -> Array:
    """The moments of x (n, c, ...), in ``out`` if given."""
    if x.size == 0:
        moments = empty_moments(name, out, 1, x)
        moments.fill(0)
        return moments
    count = x.size // x.shape[1]
    slices = slices_of(count)
    moments = empty_moments(name, out, slices, x)
    SOURCE.launch("slice_moments", x.dtype, x.shape[1] * slices, contiguous(x), moments, *_sizes(x, slices))
    return moments


def add_shares_moments(name: str, parts: Array, y: Array, out: Array | None) -> Array:
    """y = the sum of the parts in order, and its moments, in ``out`` if given."""
    slices = -(-y.size // y.shape[1] // (EACH * THREADS))
    moments = empty_moments(name, out, slices, y)
    blocks = y.shape[1] * slices
    shares = np.int32(len(parts))
    SOURCE.launch("add_shares_moments", y.dtype, blocks, parts, y, moments, shares, *_sizes(y, slices))
    return moments


def merge_moments(moments: Array, eps: float, results: tuple[Array, Array, Array]) -> None:
    """Fill (mean, var, inv_std) of channels from their moments."""
    _, pieces, channels = moments.shape
    numbers = np.int32(channels), np.int32(pieces)
    dtype = results[0].dtype
    SOURCE.launch("merge_moments", dtype, channels, contiguous(moments), np.float64(eps), *results, *numbers)


def _sizes(x: Array, slices: int) -> tuple[np.int32, np.int32, np.int64, np.int32]:
    """Channels, pixels of an image, elements of a channel, slices."""
    pixels, count = math.prod(x.shape[2:]), x.size // x.shape[1]
    return np.int32(x.shape[1]), np.int32(pixels), np.int64(count), np.int32(slices)
