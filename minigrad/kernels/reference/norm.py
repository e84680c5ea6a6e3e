"""Batch norm, its parts and its gradient."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.moments import check_moments, merged, moments_of
from minigrad.kernels.reference.activation import leaky_gate, leaky_relu
from minigrad.kernels.reference.arrays import per_channel, put, put_all
from minigrad.types import Array

__all__ = [
    "batch_norm", "batch_norm_from_means", "batch_norm_grad", "batch_norm_sums", "channel_moments",
    "standardize", "standardize_grad",
]  # fmt: skip

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
    but 1; var is the biased variance. The sums are taken in float64 or wider. With no element in a channel,
    mean and var are 0. ``slope`` is that of the leaky ReLU below 0; 1 is no activation. With ``moments``, as
    conv2d_moments gives them for x, mean and var come from these; ValueError if they do not fit. (Ioffe and
    Szegedy 2015, algorithm 1.)
    """
    check_moments("batch_norm", x, moments)
    xhat, mean, var, inv_std = standardize(x, eps, moments=moments)
    y = leaky_relu(xhat * per_channel(weight, x.ndim) + per_channel(bias, x.ndim), slope)
    return put_all("batch_norm", (y, mean, var, inv_std), out)


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
    (n, c, ...), the others (c,), mean and inv_std as batch_norm gave them.
    """
    sums = batch_norm_sums(g, x, weight, bias, mean, inv_std, slope)
    means = sums / max(x.size // max(x.shape[1], 1), 1)
    gx = batch_norm_from_means(g, x, weight, bias, mean, inv_std, means, slope)
    gb, gw = sums.astype(x.dtype)
    return put_all("batch_norm_grad", (gx, gw, gb), out)


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
    """The sums over each channel that batch_norm_grad needs: sum(h) and sum(h xhat), (2, c).

    They are float64 or wider. h, xhat and the arguments are batch_norm_grad's.
    """
    axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
    h, xhat = _gated(g, x, weight, bias, mean, inv_std, slope)
    sums = np.stack([h.sum(axis=axes, dtype=wide), (h * xhat).sum(axis=axes, dtype=wide)])
    return put("batch_norm_sums", sums, out)


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

    The means of h and of h xhat may be over more than x, where x is a part of a batch.
    """
    h, xhat = _gated(g, x, weight, bias, mean, inv_std, slope)
    mean_h, mean_hxhat = (per_channel(a, x.ndim) for a in means.astype(x.dtype))
    gx = per_channel(weight * inv_std, x.ndim) * (h - mean_h - xhat * mean_hxhat)
    return put("batch_norm_from_means", gx, out)


def channel_moments(x: Array, *, out: Array | None = None) -> Array:
    """The moments (3, pieces, c) of x (n, c, ...), float64, as batch_norm takes them; one piece here."""
    return put("channel_moments", moments_of(x), out)


def standardize(x: Array, eps: float, *, moments: Array | None = None, out: Outputs | None = None) -> Outputs:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps): batch_norm without the rest.

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) as batch_norm gives them;
    ``moments`` as it takes them.
    """
    if moments is None:
        axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
        count = max(x.size // max(x.shape[1], 1), 1)
        mean = x.sum(axis=axes, dtype=wide) / count
        var = np.square(x - per_channel(mean, x.ndim)).sum(axis=axes, dtype=wide) / count
    else:
        check_moments("standardize", x, moments)
        mean, var = merged(moments)
    inv_std = 1 / np.sqrt(var + eps)
    mean, var, inv_std = (a.astype(x.dtype) for a in (mean, var, inv_std))
    y = (x - per_channel(mean, x.ndim)) * per_channel(inv_std, x.ndim)
    return put_all("standardize", (y, mean, var, inv_std), out)


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array, *, out: Array | None = None) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape.
    """
    axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
    count = max(x.size // max(x.shape[1], 1), 1)
    scale = per_channel(inv_std, x.ndim)
    xhat = (x - per_channel(mean, x.ndim)) * scale
    mean_g = (g.sum(axis=axes, dtype=wide) / count).astype(x.dtype)
    mean_gxhat = ((g * xhat).sum(axis=axes, dtype=wide) / count).astype(x.dtype)
    gx = scale * (g - per_channel(mean_g, x.ndim) - xhat * per_channel(mean_gxhat, x.ndim))
    return put("standardize_grad", gx, out)


def _gated(
    g: Array, x: Array, weight: Array, bias: Array, mean: Array, inv_std: Array, slope: float
) -> tuple[Array, Array]:
    """h = g where batch_norm is above 0, slope * g elsewhere; and xhat."""
    xhat = (x - per_channel(mean, x.ndim)) * per_channel(inv_std, x.ndim)
    h = leaky_gate(g, xhat * per_channel(weight, x.ndim) + per_channel(bias, x.ndim), slope)
    return h, xhat
