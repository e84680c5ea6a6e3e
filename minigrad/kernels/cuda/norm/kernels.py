"""Batch normalisation with scale, shift and leaky ReLU, and its gradient.

The sums over a channel are taken by slices of a size that does not depend on the device, in float64, and
merged in order; its moments may come with x from a convolution (``moments``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.kernels.checks import check_channels, check_means
from minigrad.kernels.cuda.norm.moments import merge_moments, slice_moments
from minigrad.kernels.cuda.runtime.arrays import (
    blocks_for,
    checked,
    contiguous,
    output,
    slices_of,
    writeable,
    xp_of,
)
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.kernels.moments import check_moments
from minigrad.kernels.running_statistics import check_running
from minigrad.types import Array

__all__ = [
    "batch_norm", "batch_norm_from_means", "batch_norm_grad", "batch_norm_sums", "channel_moments",
    "standardize", "standardize_grad", "update_running_stats",
]  # fmt: skip

SOURCE = Source("norm/batch_norm.cu")

Number = np.floating[Any]
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
    but 1; var is the biased variance. The sums are taken in float64. With no element in a channel, mean and
    var are 0. ``slope`` is that of the leaky ReLU below 0; 1 leaves it out. With ``moments``, as
    conv2d_moments gives them for x, mean and var come from these and x is read once. TypeError unless all are
    float32 or all float64, ValueError if the shapes do not fit. (Ioffe and Szegedy 2015, algorithm 1.)
    """
    checked("batch_norm", x, weight, bias)
    check_channels("batch_norm", x, weight, bias)
    return _forward("batch_norm", x, weight, bias, eps, slope, moments, out)


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
    arrays = _checked_gradient(name, g, x, (weight, bias, mean, inv_std))
    sums = output(name, out, (2, *mean.shape), x, np.dtype(np.float64))
    if x.size == 0:
        sums.fill(0)
    else:
        _add_sums(arrays, x.dtype.type(slope), sums[1], sums[0])
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
    arrays = _checked_gradient(name, g, x, (weight, bias, mean, inv_std))
    check_means(name, x, means)
    gx = output(name, out, x.shape, x)
    if x.size:
        own = contiguous(means).astype(x.dtype)
        _write_gradient(arrays, own[1], own[0], 1, x.dtype.type(slope), gx)
    return gx


def channel_moments(x: Array, *, out: Array | None = None) -> Array:
    """The moments (3, pieces, c) of x (n, c, ...), float64, as batch_norm takes them: of each slice."""
    checked("channel_moments", x)
    return slice_moments("channel_moments", x, out)


def standardize(x: Array, eps: float, *, moments: Array | None = None, out: Outputs | None = None) -> Outputs:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps): batch_norm without the rest.

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) as batch_norm gives them;
    ``moments`` as it takes them.
    """
    checked("standardize", x)
    weight, bias = _one_and_zero(x)
    return _forward("standardize", x, weight, bias, eps, 1.0, moments, out)


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array, *, out: Array | None = None) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape. TypeError unless
    all are float32 or all float64.
    """
    checked("standardize_grad", g, x, mean, inv_std)
    check_channels("standardize_grad", x, mean, inv_std)
    weight, bias = _one_and_zero(x)
    gx = output("standardize_grad", out, x.shape, x)
    gw, gb = (output("standardize_grad", None, mean.shape, x) for _ in range(2))
    return _backward("standardize_grad", g, x, (weight, bias, mean, inv_std), 1.0, (gx, gw, gb))[0]


def update_running_stats(
    running_mean: Array,
    running_var: Array,
    tracked: Array,
    mean: Array,
    var: Array,
    momentum: float | None,
    count: int,
) -> None:
    """Move running statistics (c,) towards a batch's, in place: running += momentum (batch - running).

    The batch's ``mean`` and biased ``var`` (c,) are of ``count`` > 1 elements each; the running variance
    follows the unbiased one. ``tracked``, an int64 of shape (), counts the batches, and with ``momentum``
    None all have the same weight. TypeError unless the running statistics are float32 or float64, both the
    same, ValueError if shapes do not fit or one is not C-contiguous. (Ioffe and Szegedy 2015, algorithm 2.)
    """
    check_running("update_running_stats", running_mean, running_var, tracked, mean, var, count)
    if not (writeable(running_mean) and writeable(running_var)):
        raise ValueError("update_running_stats: expected writeable, C-contiguous running statistics")
    dtype = running_mean.dtype
    batch = tuple(contiguous(a.astype(dtype, copy=False)) for a in (mean, var))
    rate = dtype.type(0 if momentum is None else momentum), np.int32(momentum is None)
    numbers = *rate, dtype.type(count / (count - 1)), np.int32(running_mean.size)
    SOURCE.launch("update_running_stats", dtype, 1, running_mean, running_var, tracked, *batch, *numbers)


def _forward(
    name: str,
    x: Array,
    weight: Array,
    bias: Array,
    eps: float,
    slope: float,
    moments: Array | None,
    out: Outputs | None,
) -> Outputs:
    check_moments(name, x, moments)
    shapes = x.shape, *(x.shape[1:2],) * 3
    y, mean, var, inv_std = (
        output(name, given, shape, x) for given, shape in zip(out or (None,) * 4, shapes, strict=True)
    )
    if x.size == 0:
        mean.fill(0)
        var.fill(0)
        inv_std.fill(1 / math.sqrt(eps))
        return y, mean, var, inv_std
    x, dtype = contiguous(x), x.dtype
    merge_moments(slice_moments(name, x) if moments is None else moments, eps, (mean, var, inv_std))
    parameters = contiguous(weight), contiguous(bias), mean, inv_std, dtype.type(slope)
    sizes = np.int32(x.shape[1]), np.int32(math.prod(x.shape[2:])), np.int64(x.size)
    SOURCE.launch("batch_norm", dtype, blocks_for(x.size), x, *parameters, y, *sizes)
    return y, mean, var, inv_std


def _backward(
    name: str,
    g: Array,
    x: Array,
    parameters: tuple[Array, Array, Array, Array],
    slope: float,
    out: ChannelGradients | None,
) -> ChannelGradients:
    """The gradients for the channels' parameters (weight, bias, mean, inv_std)."""
    arrays = _checked_gradient(name, g, x, parameters)
    shapes = x.shape, *(x.shape[1:2],) * 2
    gx, gw, gb = (
        output(name, given, shape, x) for given, shape in zip(out or (None,) * 3, shapes, strict=True)
    )
    if x.size == 0:
        gw.fill(0)
        gb.fill(0)
        return gx, gw, gb
    factor = x.dtype.type(slope)
    _add_sums(arrays, factor, gw, gb)
    _write_gradient(arrays, gw, gb, x.size // x.shape[1], factor, gx)
    return gx, gw, gb


def _checked_gradient(
    name: str, g: Array, x: Array, parameters: tuple[Array, Array, Array, Array]
) -> tuple[Array, ...]:
    """(g, x, weight, bias, mean, inv_std), C-contiguous."""
    checked(name, g, x, *parameters)
    check_channels(name, x, *parameters)
    if g.shape != x.shape:
        raise ValueError(f"{name}: expected g of x's shape {x.shape}; got {g.shape}")
    return tuple(contiguous(a) for a in (g, x, *parameters))


def _add_sums(arrays: tuple[Array, ...], factor: Number, gw: Array, gb: Array) -> None:
    """gw = sum(h xhat) and gb = sum(h), each (c,), in the dtype that they have."""
    x = arrays[1]
    channels, pixels, count, slices = _sizes(x)
    blocks = int(channels) * int(slices)
    sums = tuple(xp_of(x).empty(blocks, np.float64) for _ in range(2))
    SOURCE.launch("slice_gradients", x.dtype, blocks, *arrays, factor, *sums, channels, pixels, count, slices)
    SOURCE.launch("merge_gradients", gw.dtype, blocks_for(int(channels)), *sums, gw, gb, channels, slices)


def _write_gradient(
    arrays: tuple[Array, ...], gw: Array, gb: Array, count: int, factor: Number, gx: Array
) -> None:
    """gx = weight inv_std (h - gb / count - xhat gw / count)."""
    x = arrays[1]
    channels, pixels, *_ = _sizes(x)
    sizes = channels, pixels, np.int64(count), np.int64(x.size)
    SOURCE.launch("batch_norm_grad", x.dtype, blocks_for(x.size), *arrays, gw, gb, factor, gx, *sizes)


def _one_and_zero(x: Array) -> tuple[Array, Array]:
    xp = xp_of(x)
    return xp.ones(x.shape[1], x.dtype), xp.zeros(x.shape[1], x.dtype)


def _sizes(x: Array) -> tuple[np.int32, np.int32, np.int64, np.int32]:
    """The numbers of channels, of pixels in an image, of elements in a channel, and of its slices."""
    count = x.size // x.shape[1]
    return np.int32(x.shape[1]), np.int32(math.prod(x.shape[2:])), np.int64(count), np.int32(slices_of(count))
