"""Convolutions with one channel on one side: memory bounds them, so each walks the other side once."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from minigrad.kernels import Pair
from minigrad.kernels.cuda.product.planning import LARGEST, add_shares, parts_of
from minigrad.kernels.cuda.runtime.arrays import Array, contiguous
from minigrad.kernels.cuda.runtime.loading import THREADS, Source

TAPS = 16  # that a thread holds in registers
CHANNELS = 16  # whose weights a block holds
PLACES = 64  # of a block that sums over channels
FOUR = 4  # channels whose weight gradients a thread sums
SHARE = 2048  # places that a block sums at least

SOURCE = Source("conv/direct.cu", TAPS=TAPS, CHANNELS=CHANNELS, PLACES=PLACES, FOUR=FOUR)

Geometry = tuple[Pair, Pair, Pair]
"""stride, padding, dilation"""


def fits(large: Array, small: Array, w: Array, groups: int) -> bool:
    """Whether conv2d(large, w) = small, or one of its adjoints, has one channel on a side and few taps."""
    sizes = [a.size for a in (large, small, w)]
    one = 1 in (large.shape[1], small.shape[1]) and groups == 1
    return one and math.prod(w.shape[2:]) <= TAPS and min(sizes) > 0 and max(sizes) <= LARGEST


def conv2d(x: Array, w: Array, b: Array | None, slope: float, y: Array, geometry: Geometry) -> None:
    """y = conv2d(x, w), or leaky_relu(conv2d(x, w) + b)."""
    _walk(x, w, b, slope, y, _over_large(x, y, w, geometry))


def conv_transpose2d(x: Array, w: Array, y: Array, geometry: Geometry) -> None:
    """y = conv_transpose2d(x, w) of y's size."""
    _walk(x, w, None, 1, y, _over_small(y, x, w, geometry))


def conv2d_weight(x: Array, g: Array, gw: Array, geometry: Geometry) -> None:
    """gw = conv2d_weight(x, g) of gw's size."""
    if x.shape[1] == 1:
        one, many, axes = x, g, _over_large(x, g, gw, geometry)
    else:
        one, many, axes = g, x, _over_small(x, g, gw, geometry)
    n, m = many.shape[:2]
    shares = -(-n * math.prod(many.shape[2:]) // SHARE)
    parts = parts_of(gw, shares)
    sizes = np.int32(shares), np.int32(n), np.int32(m)
    arrays = contiguous(one), contiguous(many), parts
    SOURCE.launch("one_channel_weight", gw.dtype, shares * -(-m // FOUR), *arrays, *sizes, *axes)
    add_shares(parts, gw, None, 1)


def _walk(x: Array, w: Array, b: Array | None, slope: float, y: Array, axes: tuple[np.int32, ...]) -> None:
    n, places = len(y), len(y) * math.prod(y.shape[2:])
    epilogue = contiguous(w if b is None else b), y.dtype.type(slope), np.int32(b is not None)
    if x.shape[1] == 1:
        name, m, blocks = "from_one_channel", y.shape[1], -(-places // THREADS) * -(-y.shape[1] // CHANNELS)
    else:
        name, m, blocks = "to_one_channel", x.shape[1], -(-places // PLACES)
    SOURCE.launch(
        name, y.dtype, blocks, contiguous(x), contiguous(w), *epilogue, y, np.int32(n), np.int32(m), *axes
    )


def _over_large(large: Array, small: Array, w: Array, geometry: Geometry) -> tuple[np.int32, ...]:
    """The kernels' axes: places of the small images meet elements p * stride + t * dilation - padding."""
    return tuple(
        np.int32(number)
        for size, places, taps, stride, padding, dilation in _axes(large, small, w, geometry)
        for number in (places, size, taps, stride, -padding, dilation, 1)
    )


def _over_small(large: Array, small: Array, w: Array, geometry: Geometry) -> tuple[np.int32, ...]:
    """The kernels' axes: places of the large images meet elements (p + padding - t * dilation) / stride."""
    return tuple(
        np.int32(number)
        for places, size, taps, stride, padding, dilation in _axes(large, small, w, geometry)
        for number in (places, size, taps, 1, padding, -dilation, stride)
    )


def _axes(large: Array, small: Array, w: Array, geometry: Geometry) -> Iterator[tuple[int, ...]]:
    return zip(large.shape[2:], small.shape[2:], w.shape[2:], *geometry, strict=True)
