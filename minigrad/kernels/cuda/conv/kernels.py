"""The three faces of the convolution: implicit matrix products, their operands read where they lie.

A layer with one channel on a side is computed by ``direct``, other float32 by ``pipelined``; the kernels of
``simple.cu`` take every size and float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.kernels import Pair, check_convolution, conv2d_shape
from minigrad.kernels.cuda.conv import direct, pipelined
from minigrad.kernels.cuda.norm.moments import slice_moments
from minigrad.kernels.cuda.product.simple_tile import TILE, tiles
from minigrad.kernels.cuda.runtime.arrays import Array, blocks_for, checked, contiguous, output, xp_of
from minigrad.kernels.cuda.runtime.loading import Source

SOURCE = Source("conv/simple.cu", TILE=TILE)

BLOCKS = 512  # that a weight gradient is shared out to: some for each multiprocessor of a large device
LEAST = 256  # products in a sum that is still worth a share of its own

Sizes = tuple[np.int32, ...]
Both = tuple[Array, Array]


def conv2d(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Array | None = None
) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in ``out`` if given. ValueError if the
    shapes do not fit, TypeError unless both are float32 or both float64.
    """
    checked("conv2d", x, w)
    shape = conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups)
    y = output("conv2d", out, shape, x)
    geometry = stride, padding, dilation
    if direct.fits(x, y, w, groups):
        direct.conv2d(x, w, None, 1, y, geometry)
    elif pipelined.fits(x, y, w, geometry):
        pipelined.conv2d(x, w, None, 1, y, geometry, groups)
    elif y.size:
        _convolve("conv2d", x, w, (), y, geometry, groups)
    return y


def conv2d_bias_leaky_relu(
    x: Array,
    w: Array,
    b: Array,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = leaky_relu(conv2d(x, w) + b[o]), a slope of 1 leaves the sum as it is; b (o,). As conv2d."""
    checked("conv2d_bias_leaky_relu", x, w, b)
    shape = conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups)
    if b.shape != w.shape[:1]:  # before anything is written
        raise ValueError(f"conv2d_bias_leaky_relu: w {w.shape} needs a bias {w.shape[:1]}; got {b.shape}")
    y = output("conv2d_bias_leaky_relu", out, shape, x)
    geometry = stride, padding, dilation
    if direct.fits(x, y, w, groups):
        direct.conv2d(x, w, b, slope, y, geometry)
    elif pipelined.fits(x, y, w, geometry):
        pipelined.conv2d(x, w, b, slope, y, geometry, groups)
    elif y.size:
        epilogue = contiguous(b), x.dtype.type(slope)
        _convolve("conv2d_bias_leaky_relu", x, w, epilogue, y, geometry, groups)
    return y


def conv2d_moments(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Both | None = None
) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    The elements of each of y's channels are in pieces, of which there are the count, the mean, and the sum of
    the squared distances from it, all zero for a piece without elements. They come with the product's tiles
    or with the sum of its shares; float64 and one channel take a pass of their own. ``out`` is (y, moments);
    raises as conv2d.
    """
    checked("conv2d_moments", x, w)
    shape = conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups)
    given, given_moments = out or (None, None)
    y = output("conv2d_moments", given, shape, x)
    geometry = stride, padding, dilation
    if pipelined.fits(x, y, w, geometry) and not direct.fits(x, y, w, groups):
        return y, pipelined.conv2d_moments(x, w, y, geometry, groups, given_moments)
    conv2d(x, w, *geometry, groups, out=y)
    return y, slice_moments("conv2d_moments", y, given_moments)


def conv_transpose2d(
    x: Array,
    w: Array,
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by x: y[n, o, p * stride + i * dilation - padding] += w[c, o, i] x[n, c, p].

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size), in ``out`` if given. ``size`` is any size on
    which conv2d takes at least (h, w) places; ValueError otherwise. TypeError unless both are float32 or both
    float64.

    Each output is gathered: outputs at equal distance from a stride's multiple, a phase, meet the same taps,
    and are one product.
    """
    checked("conv_transpose2d", x, w)
    n, o = x.shape[0], w.shape[1] * groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, stride, padding, dilation, groups)
    y = output("conv_transpose2d", out, (n, o, *size), x)
    geometry = stride, padding, dilation
    if direct.fits(y, x, w, groups):
        direct.conv_transpose2d(x, w, y, geometry)
    elif pipelined.fits(y, x, w, geometry):
        pipelined.conv_transpose2d(x, w, y, geometry, groups)
    elif y.size:
        sizes = _sizes(n, groups, x.shape[1] // groups, w.shape[1], x.shape[2:], w.shape[2:], size)
        hops = [s // math.gcd(s, d) for s, d in zip(stride, dilation, strict=True)]
        numbers = _int32(*stride, *padding, *dilation, *hops)
        most = n * math.prod(-(-a // s) for a, s in zip(size, stride, strict=True))
        blocks = groups * stride[0] * stride[1] * tiles(w.shape[1], most)
        SOURCE.launch("conv_transpose2d", x.dtype, blocks, contiguous(x), contiguous(w), y, *sizes, *numbers)
    return y


def conv_transpose2d_moments(
    x: Array,
    w: Array,
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Both | None = None,
) -> Both:
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them; each phase has its pieces."""
    checked("conv_transpose2d_moments", x, w)
    n, o = x.shape[0], w.shape[1] * groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, stride, padding, dilation, groups)
    given, given_moments = out or (None, None)
    y = output("conv_transpose2d_moments", given, (n, o, *size), x)
    geometry = stride, padding, dilation
    if pipelined.fits(y, x, w, geometry) and not direct.fits(y, x, w, groups):
        return y, pipelined.conv_transpose2d_moments(x, w, y, geometry, groups, given_moments)
    conv_transpose2d(x, w, size, *geometry, groups, out=y)
    return y, slice_moments("conv_transpose2d_moments", y, given_moments)


def conv2d_weight(
    x: Array,
    g: Array,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by w: gw[o, c, i] += g[n, o, p] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), in ``out`` if given, summed over n and
    the places p of ``g``, which may leave out the last ones that the kernel could take on x, never have more
    (ValueError). TypeError unless both are float32 or both float64.

    The sum is shared out to as many blocks as suit its shapes; a second kernel adds the shares in order.
    """
    checked("conv2d_weight", x, g)
    n, o = g.shape[:2]
    shape = (o, x.shape[1] // groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, stride, padding, dilation, groups)
    sizes = _sizes(n, groups, shape[1], o // groups, x.shape[2:], kernel, g.shape[2:])
    gw = output("conv2d_weight", out, shape, x)
    geometry = stride, padding, dilation
    if direct.fits(x, g, gw, groups):
        direct.conv2d_weight(x, g, gw, geometry)
        return gw
    if pipelined.fits(x, g, gw, geometry):
        pipelined.conv2d_weight(x, g, gw, geometry, groups)
        return gw
    if gw.size == 0:
        return gw
    numbers = _int32(*stride, *padding, *dilation)
    blocks = groups * tiles(o // groups, math.prod(shape[1:]))
    shares = max(1, min(-(-BLOCKS // blocks), n * math.prod(g.shape[2:]) // LEAST))
    parts = gw if shares == 1 else xp_of(x).empty((shares, gw.size), x.dtype)
    arrays = contiguous(x), contiguous(g), parts
    SOURCE.launch("conv2d_weight", x.dtype, shares * blocks, *arrays, np.int32(shares), *sizes, *numbers)
    if shares > 1:
        blocks = blocks_for(gw.size)
        SOURCE.launch("add_shares", x.dtype, blocks, parts, gw, np.int32(shares), np.int64(gw.size))
    return gw


def _convolve(
    kernel: str,
    x: Array,
    w: Array,
    epilogue: tuple[Any, ...],
    y: Array,
    geometry: tuple[Pair, Pair, Pair],
    groups: int,
) -> None:
    """Launch a kernel of ``simple.cu`` for y = conv2d(x, w), whatever follows it."""
    n, o, oh, ow = y.shape
    sizes = _sizes(n, groups, w.shape[1], o // groups, x.shape[2:], w.shape[2:], (oh, ow))
    arrays = contiguous(x), contiguous(w), *epilogue, y
    numbers = _int32(*(number for pair in geometry for number in pair))
    SOURCE.launch(kernel, x.dtype, groups * tiles(o // groups, n * oh * ow), *arrays, *sizes, *numbers)


def _sizes(n: int, groups: int, c: int, o: int, image: Pair, kernel: Pair, places: Pair) -> Sizes:
    """The kernels' sizes; c and o are those of a group. OverflowError if they or c * kh * kw pass 32 bits."""
    np.int32(c * kernel[0] * kernel[1])  # which simple.cu counts in an int
    return _int32(n, groups, c, o, *image, *kernel, *places)


def _int32(*numbers: int) -> Sizes:
    return tuple(np.int32(number) for number in numbers)
