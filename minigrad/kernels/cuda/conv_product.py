"""The three faces of the convolution in float32, as products by tiles of a pipeline."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels import Pair
from minigrad.kernels.cuda.arrays import Array, blocks_for, contiguous, xp_of
from minigrad.kernels.cuda.products import LARGEST, SHARES, add_shares, parts_of, plan, serves

NAME = "conv_product.cu"

Geometry = tuple[Pair, Pair, Pair]
"""stride, padding, dilation"""


def fits(large: Array, small: Array, w: Array, geometry: Geometry) -> bool:
    """Whether conv2d(large, w) = small, or one of its adjoints, may be computed here."""
    walked = zip(large.shape[2:], w.shape[2:], *geometry, strict=True)
    reach = math.prod(size + 2 * p + d * k + s for size, k, s, p, d in walked)
    return serves(large, small, w) and max(reach, w.size * math.prod(geometry[0])) <= LARGEST


def conv2d(
    x: Array, w: Array, b: Array | None, slope: float, y: Array, geometry: Geometry, groups: int
) -> None:
    """y = conv2d(x, w), or leaky_relu(conv2d(x, w) + b)."""
    (n, o, oh, ow), (c, kh, kw) = y.shape, w.shape[1:]
    chosen = plan(NAME, o // groups, n * oh * ow, c * kh * kw, groups)
    parts = parts_of(y, chosen.shares)
    sizes = _int32(n, groups, c, o // groups, *x.shape[2:], kh, kw, oh, ow)
    arrays = contiguous(x), contiguous(w), *_epilogue(b, slope, w, chosen.shares), parts
    chosen.source.launch(
        "conv2d", y.dtype, chosen.blocks, *arrays, np.int32(chosen.shares), *sizes, *_flat(geometry)
    )
    add_shares(parts, y, b, slope)


def conv_transpose2d(x: Array, w: Array, y: Array, geometry: Geometry, groups: int) -> None:
    """y = conv_transpose2d(x, w) of y's size."""
    (n, _, oh, ow), (o, kh, kw), stride = y.shape, w.shape[1:], geometry[0]
    c = x.shape[1] // groups
    hops = [s // math.gcd(s, d) for s, d in zip(stride, geometry[2], strict=True)]
    most = math.prod(-(-k // hop) for k, hop in zip((kh, kw), hops, strict=True))
    phases = math.prod(stride)
    rows = xp_of(x).empty(groups * phases * o * c * most, x.dtype)
    numbers = _flat(geometry) + _int32(*hops, most)
    taps = contiguous(w), rows, *_int32(groups, c, o, kh, kw), *numbers, np.int32(rows.size)
    SHARES.launch("arrange_taps", x.dtype, blocks_for(rows.size), *taps)
    places = n * math.prod(-(-a // s) for a, s in zip((oh, ow), stride, strict=True))
    chosen = plan(NAME, o, places, c * most, groups * phases)
    parts = parts_of(y, chosen.shares)
    sizes = _int32(n, groups, c, o, *x.shape[2:], kh, kw, oh, ow)
    arrays = contiguous(x), rows, *_epilogue(None, 1, w, 1), parts
    chosen.source.launch(
        "conv_transpose2d", y.dtype, chosen.blocks, *arrays, np.int32(chosen.shares), *sizes, *numbers
    )
    add_shares(parts, y, None, 1)


def conv2d_weight(x: Array, g: Array, gw: Array, geometry: Geometry, groups: int) -> None:
    """gw = conv2d_weight(x, g) of gw's size."""
    (n, o, oh, ow), (c, kh, kw) = g.shape, gw.shape[1:]
    chosen = plan(NAME, o // groups, c * kh * kw, n * oh * ow, groups)
    parts = parts_of(gw, chosen.shares)
    sizes = _int32(n, groups, c, o // groups, *x.shape[2:], kh, kw, oh, ow)
    arrays = contiguous(x), contiguous(g), parts, np.int32(chosen.shares)
    chosen.source.launch("conv2d_weight", gw.dtype, chosen.blocks, *arrays, *sizes, *_flat(geometry))
    add_shares(parts, gw, None, 1)


def _epilogue(
    b: Array | None, slope: float, unused: Array, shares: int
) -> tuple[Array, np.float32, np.int32]:
    """The kernels' arguments b, slope, biased: several shares get their bias when they are added."""
    if b is None or shares > 1:
        return contiguous(unused), np.float32(1), np.int32(0)
    return contiguous(b), np.float32(slope), np.int32(1)


def _flat(geometry: Geometry) -> tuple[np.int32, ...]:
    return _int32(*(number for pair in geometry for number in pair))


def _int32(*numbers: int) -> tuple[np.int32, ...]:
    return tuple(np.int32(number) for number in numbers)
