"""Batch normalisation with scale, shift and leaky ReLU, and its gradient, each in two passes over memory.

One iteration takes both passes over a few whole channels, so that the second finds them in the cache. In an
image the elements of these channels follow each other. The loops run along all of them, with each channel's
numbers repeated for its pixels; if channels are large, the loops run along one channel at a time.

The loops forward are in ``forward``, those of the gradient in ``gradient``. If the caller has statistics of x
(``moments``), they are merged in NumPy and the first pass is left out.

The elements at one position are summed over at most IMAGES images in the arrays' dtype, then in float64. So
are the pixels of a large channel, RUN at a time. The order does not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.checks import check_channels, check_means, output
from minigrad.kernels.cpu.norm.forward import moments_blocks, normalise_blocks
from minigrad.kernels.cpu.norm.gradient import from_means_blocks, gradient_blocks, sums_blocks
from minigrad.kernels.cpu.runtime.compiling import SMALL, checked, contiguous, launch
from minigrad.kernels.moments import check_moments, merged
from minigrad.types import Array

__all__ = [
    "batch_norm", "batch_norm_from_means", "batch_norm_grad", "batch_norm_sums", "channel_moments",
    "standardize", "standardize_grad",
]  # fmt: skip

ELEMENTS = 1024  # of an image, that one iteration takes if channels are small: they fit the first cache
LEAST = 256  # and at least: short loops are slow
SERIAL = 1 << 16  # elements below which starting the threads costs more than they save
UNKNOWN = np.empty((2, 0))  # mean and squares: to be computed

Outputs = tuple[Array, Array, Array, Array]
ChannelGradients = tuple[Array, Array, Array]


def batch_norm(
    x: Array,
    weight: Array,
    bias: Array,
    eps: float,
    slope: float,
    *,
    moments: Array | None = None,
    out: Outputs | None = None,
) -> Outputs:
    """y = leaky_relu((x - mean) * weight * inv_std + bias) per channel, inv_std = 1 / sqrt(var + eps).

    x (n, c, ...), weight and bias (c,) -> y of x's shape, and mean, var, inv_std of shape (c,) over all axes
    but 1; var is the biased variance. With no element in a channel, mean and var are 0. ``slope`` is that of
    the leaky ReLU below 0; 1 leaves it out. With ``moments``, as conv2d_moments gives them for x, mean and
    var come from these. TypeError unless all are float32 or all float64, ValueError if weight, bias or
    moments do not fit. (Ioffe and Szegedy 2015, algorithm 1.)
    """
    checked("batch_norm", x, weight, bias)
    check_channels("batch_norm", x, weight, bias)
    return _forward("batch_norm", x, (weight, bias, eps, slope), moments, out)


def batch_norm_grad(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    *,
    out: ChannelGradients | None = None,
) -> ChannelGradients:
    """The gradients of batch_norm by x, weight and bias, for the gradient g of its output.

    With h = g where batch_norm is above 0, slope * g elsewhere: gx = weight * inv_std (h - mean(h) - xhat
    mean(h xhat)), gw = sum(h xhat), gb = sum(h); xhat = (x - mean) inv_std; over all axes but 1. g and x
    (n, c, ...), the others (c,), mean and inv_std as batch_norm gave them. Raises as batch_norm.
    """
    checked("batch_norm_grad", g, x, weight, bias, mean, inv_std)
    check_channels("batch_norm_grad", x, weight, bias, mean, inv_std)
    return _backward("batch_norm_grad", g, x, (weight, bias, mean, inv_std), slope, out)


def batch_norm_sums(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """The sums over each channel that batch_norm_grad needs: sum(h) and sum(h xhat), (2, c), float64.

    h, xhat, the arguments and what raises are batch_norm_grad's.
    """
    name = "batch_norm_sums"
    gradient, flat, layer = _halves(name, g, x, (weight, bias, mean, inv_std), slope)
    sums = output(name, out, (2, *mean.shape), np.dtype(np.float64))
    if x.size == 0:
        sums.fill(0)
    else:
        _launch(sums_blocks, x, gradient, flat, layer, sums)
    return sums


def batch_norm_from_means(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    means: Array,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """gx = weight * inv_std (h - means[0] - xhat means[1]): batch_norm_grad's, with means (2, c) as given.

    The means of h and of h xhat, float64, may be over more than x, where x is a part of a batch. Raises as
    batch_norm_grad.
    """
    name = "batch_norm_from_means"
    gradient, flat, layer = _halves(name, g, x, (weight, bias, mean, inv_std), slope)
    check_means(name, x, means)
    gx = output(name, out, x.shape, x.dtype)
    if x.size:
        _launch(from_means_blocks, x, gradient, flat, layer, contiguous(means), gx.reshape(flat.shape))
    return gx


def channel_moments(x: Array, *, out: Array | None = None) -> Array:
    """The moments (3, pieces, c) of x (n, c, ...), float64, as batch_norm takes them; one piece here."""
    checked("channel_moments", x)
    moments = output("channel_moments", out, (3, 1, x.shape[1]), np.dtype(np.float64))
    if x.size == 0:
        moments.fill(0)
        return moments
    _launch(moments_blocks, x, contiguous(x).reshape(x.shape[0], -1), moments[:, 0])
    return moments


def standardize(x: Array, eps: float, *, moments: Array | None = None, out: Outputs | None = None) -> Outputs:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps): batch_norm without the rest.

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) as batch_norm gives them;
    ``moments`` as it takes them.
    """
    checked("standardize", x)
    weight, bias = _identity(x.shape[1], x.dtype)
    return _forward("standardize", x, (weight, bias, eps, 1.0), moments, out)


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array, *, out: Array | None = None) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape. TypeError unless
    all are float32 or all float64.
    """
    checked("standardize_grad", g, x, mean, inv_std)
    check_channels("standardize_grad", x, mean, inv_std)
    gx = output("standardize_grad", out, x.shape, x.dtype)
    sums = np.empty((2, len(mean)), x.dtype)
    channels = *_identity(len(mean), x.dtype), mean, inv_std
    return _backward("standardize_grad", g, x, channels, 1.0, (gx, sums[0], sums[1]))[0]


@lru_cache(maxsize=64)
def _identity(c: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """A weight and bias that change nothing, which no kernel writes: to make them takes long."""
    return np.ones(c, dtype), np.zeros(c, dtype)


def _forward(
    name: str,
    x: Array,
    layer: tuple[Array, Array, float, float],
    moments: Array | None,
    out: Outputs | None,
) -> Outputs:
    """``layer`` is (weight, bias, eps, slope)."""
    weight, bias, eps, slope = layer
    check_moments(name, x, moments)
    shapes = x.shape, *(weight.shape,) * 3
    y, mean, var, inv_std = (
        output(name, given, shape, x.dtype) for given, shape in zip(out or (None,) * 4, shapes, strict=True)
    )
    if x.size == 0:
        mean.fill(0)
        var.fill(0)
        inv_std.fill(1 / math.sqrt(eps))
        return y, mean, var, inv_std
    pixels, flat = _pixels(x), contiguous(x).reshape(x.shape[0], -1)
    known = UNKNOWN if moments is None else _known(moments, x.size // mean.size)
    layer = contiguous(weight), contiguous(bias), float(eps), float(slope)
    results = y.reshape(flat.shape), mean, var, inv_std
    if x.size < SERIAL:
        launching.launch(normalise_blocks, flat, mean.size, pixels, layer, known, results)
    else:
        step = _channels_each(x.shape[1], pixels)
        with launch(SMALL):
            launching.launch(normalise_blocks, flat, step, pixels, layer, known, results)
    return y, mean, var, inv_std


def _backward(
    name: str,
    g: Array,
    x: Array,
    channels: tuple[Array, Array, Array, Array],
    slope: float,
    out: ChannelGradients | None,
) -> ChannelGradients:
    """``channels`` is (weight, bias, mean, inv_std)."""
    if g.shape != x.shape:
        raise ValueError(f"{name}: expected g of x's shape {x.shape}; got {g.shape}")
    shapes = x.shape, x.shape[1:2], x.shape[1:2]
    gx, gw, gb = (
        output(name, given, shape, x.dtype) for given, shape in zip(out or (None,) * 3, shapes, strict=True)
    )
    if x.size == 0:
        gw.fill(0)
        gb.fill(0)
        return gx, gw, gb
    pixels, flat = _pixels(x), contiguous(x).reshape(x.shape[0], -1)
    gradient = contiguous(g).reshape(flat.shape)
    weight, bias, mean, inv_std = channels
    layer = contiguous(weight), contiguous(bias), contiguous(mean), contiguous(inv_std), float(slope)
    results = gx.reshape(flat.shape), gw, gb
    if x.size < SERIAL:
        launching.launch(gradient_blocks, gradient, flat, gb.size, pixels, layer, results)
    else:
        step = _channels_each(x.shape[1], pixels)
        with launch(SMALL):
            launching.launch(gradient_blocks, gradient, flat, step, pixels, layer, results)
    return gx, gw, gb


def _halves(
    name: str, g: Array, x: Array, channels: tuple[Array, Array, Array, Array], slope: float
) -> tuple[Array, Array, tuple[Array, Array, Array, Array, float]]:
    """g and x (n, c * pixels) and the layer, as the loops of the gradient's halves take them."""
    checked(name, g, x, *channels)
    check_channels(name, x, *channels)
    if g.shape != x.shape:
        raise ValueError(f"{name}: expected g of x's shape {x.shape}; got {g.shape}")
    weight, bias, mean, inv_std = (contiguous(a) for a in channels)
    shape = x.shape[0], math.prod(x.shape[1:])
    flat = contiguous(x).reshape(shape)
    return contiguous(g).reshape(shape), flat, (weight, bias, mean, inv_std, float(slope))


def _launch(blocks: Callable[..., None], x: Array, *arguments: Any) -> None:
    """Call loops over x with the channels of an iteration and the pixels of an image."""
    c, pixels = x.shape[1], _pixels(x)
    if x.size < SERIAL:
        blocks(c, pixels, *arguments)
    else:
        with launch(SMALL):
            blocks(_channels_each(c, pixels), pixels, *arguments)


def _known(moments: Array, count: int) -> Array:
    """(2, c): mean and squares of channels with ``count`` elements each."""
    mean, var = merged(moments)
    return np.stack([mean, var * count])


def _pixels(x: Array) -> int:
    return math.prod(x.shape[2:])


def _channels_each(c: int, pixels: int) -> int:
    """Channels per iteration: enough elements for long loops, and work for eight threads."""
    return max(1, min(ELEMENTS, max(LEAST, c * pixels // 8)) // pixels)
