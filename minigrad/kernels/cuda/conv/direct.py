"""Convolutions with one channel on one side: memory bounds them, so each walks the other side once."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.cuda.conv.arrays import Convolution, Numbers, int32s
from minigrad.kernels.cuda.product.planning import LARGEST
from minigrad.kernels.cuda.product.shares import add_shares, parts_of
from minigrad.kernels.cuda.runtime.arrays import contiguous
from minigrad.kernels.cuda.runtime.loading import THREADS, Source
from minigrad.types import Array

TAPS = 16  # that a thread holds in registers
CHANNELS = 16  # whose weights a block holds
PLACES = 64  # of a block that sums over channels
FOUR = 4  # channels whose weight gradients a thread sums
SHARE = 2048  # places that a block sums at least

SOURCE = Source("conv/direct.cu", TAPS=TAPS, CHANNELS=CHANNELS, PLACES=PLACES, FOUR=FOUR)


def fits(case: Convolution) -> bool:
    """Whether the convolution has one channel on a side, few taps, and offsets of 32 bits."""
    large, w, small, geometry = case
    sizes = [a.size for a in (large, small, w)]
    one = 1 in (large.shape[1], small.shape[1]) and geometry.groups == 1
    return one and math.prod(w.shape[2:]) <= TAPS and min(sizes) > 0 and max(sizes) <= LARGEST


def conv2d(case: Convolution, b: Array | None, slope: float) -> None:
    """small = conv2d(large, w), or leaky_relu(conv2d(large, w) + b)."""
    _walk(case.large, case.w, b, slope, case.small, _over_large(case))


def conv_transpose2d(case: Convolution) -> None:
    """large = conv_transpose2d(small, w)."""
    _walk(case.small, case.w, None, 1, case.large, _over_small(case))


def conv2d_weight(case: Convolution) -> None:
    """w = conv2d_weight(large, small)."""
    large, gw, small, _ = case
    one, many, axes = large, small, _over_large(case)
    if large.shape[1] != 1:
        one, many, axes = small, large, _over_small(case)
    n, m = many.shape[:2]
    shares = -(-n * math.prod(many.shape[2:]) // SHARE)
    parts = parts_of(gw, shares)
    arrays = contiguous(one), contiguous(many), parts
    blocks = shares * -(-m // FOUR)
    SOURCE.launch("one_channel_weight", gw.dtype, blocks, *arrays, *int32s(shares, n, m), *axes)
    add_shares(parts, gw, None, 1)


def _walk(x: Array, w: Array, b: Array | None, slope: float, y: Array, axes: Numbers) -> None:
    n, places = len(y), len(y) * math.prod(y.shape[2:])
    epilogue = contiguous(w if b is None else b), y.dtype.type(slope), np.int32(b is not None)
    if x.shape[1] == 1:
        name, m, blocks = "from_one_channel", y.shape[1], -(-places // THREADS) * -(-y.shape[1] // CHANNELS)
    else:
        name, m, blocks = "to_one_channel", x.shape[1], -(-places // PLACES)
    SOURCE.launch(name, y.dtype, blocks, contiguous(x), contiguous(w), *epilogue, y, *int32s(n, m), *axes)


def _over_large(case: Convolution) -> Numbers:
    """AXES of ``direct.cu``: places of small images meet elements p * stride + t * dilation - padding."""
    large, w, small, (stride, padding, dilation, _) = case
    axes = zip(small.shape[2:], large.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
    return int32s(*(number for *sizes, s, p, d in axes for number in (*sizes, s, -p, d, 1)))


def _over_small(case: Convolution) -> Numbers:
    """AXES of ``direct.cu``: places of large images meet elements (p + padding - t * dilation) / stride."""
    large, w, small, (stride, padding, dilation, _) = case
    axes = zip(large.shape[2:], small.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
    return int32s(*(number for *sizes, s, p, d in axes for number in (*sizes, 1, p, -d, s)))
