"""Convolutions by the simple tile: of every size and dtype."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.cuda.conv.arrays import Convolution, hops_of, int32s, numbers_of
from minigrad.kernels.cuda.product.shares import add_shares, parts_of
from minigrad.kernels.cuda.product.simple_tile import TILE, tiles
from minigrad.kernels.cuda.runtime.arrays import contiguous
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

SOURCE = Source("conv/simple.cu", TILE=TILE)

BLOCKS = 512  # among which a weight's gradient is shared: some for each multiprocessor of a large device
LEAST = 256  # products in a sum that is still worth a share of its own


def conv2d(case: Convolution, b: Array | None, slope: float) -> None:
    """small = conv2d(large, w), or leaky_relu(conv2d(large, w) + b)."""
    x, w, y, geometry = case
    if y.size == 0:
        return
    name = "conv2d" if b is None else "conv2d_bias_leaky_relu"
    epilogue = () if b is None else (contiguous(b), y.dtype.type(slope))
    blocks = geometry.groups * tiles(len(w) // geometry.groups, len(y) * math.prod(y.shape[2:]))
    arrays = contiguous(x), contiguous(w), *epilogue, y
    SOURCE.launch(name, y.dtype, blocks, *arrays, *case.sizes, *numbers_of(geometry))


def conv_transpose2d(case: Convolution) -> None:
    """large = conv_transpose2d(small, w): each phase is a product."""
    y, w, x, geometry = case
    if y.size == 0:
        return
    most = len(y) * math.prod(-(-a // s) for a, s in zip(y.shape[2:], geometry.stride, strict=True))
    blocks = geometry.groups * math.prod(geometry.stride) * tiles(w.shape[1], most)
    numbers = *case.adjoint_sizes, *numbers_of(geometry), *int32s(*hops_of(geometry))
    SOURCE.launch("conv_transpose2d", y.dtype, blocks, contiguous(x), contiguous(w), y, *numbers)


def conv2d_weight(case: Convolution) -> None:
    """w = conv2d_weight(large, small): blocks sum shares, which a second kernel adds in order."""
    x, gw, g, geometry = case
    if gw.size == 0:
        return
    blocks = geometry.groups * tiles(len(gw) // geometry.groups, math.prod(gw.shape[1:]))
    shares = max(1, min(-(-BLOCKS // blocks), len(g) * math.prod(g.shape[2:]) // LEAST))
    parts = parts_of(gw, shares)
    arrays = contiguous(x), contiguous(g), parts, np.int32(shares)
    SOURCE.launch("conv2d_weight", gw.dtype, shares * blocks, *arrays, *case.sizes, *numbers_of(geometry))
    add_shares(parts, gw, None, 1)
