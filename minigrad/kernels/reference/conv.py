"""The three convolutions, of one formula (``minigrad.kernels``), and those with a bias or moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.kernels.geometry import Geometry, check_convolution, conv2d_shape
from minigrad.kernels.moments import moments_of
from minigrad.kernels.products import product
from minigrad.kernels.reference.arrays import put, put_all
from minigrad.kernels.reference.bias import bias_leaky_relu, scale_bias_leaky_relu
from minigrad.types import Array, Both, Pair

__all__ = [
    "conv2d", "conv2d_bias_leaky_relu", "conv2d_moments", "conv2d_weight", "conv_transpose2d",
    "conv_transpose2d_moments", "conv_transpose2d_scale_bias_leaky_relu",
]  # fmt: skip


def conv2d(x: Array, w: Array, geometry: Geometry, *, out: Array | None = None) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in ``out`` if given. Only what lies within
    x is summed. Output channel o sees the c / groups input channels of its own group. Raises ValueError if
    the shapes do not fit.
    """
    n, o, *size = conv2d_shape(x.shape, w.shape, geometry)
    y, groups = np.zeros((n, o, *size), x.dtype), geometry.groups
    for i, j, places, sources in _meetings(x, y, w.shape[2:], geometry):
        weights = w[:, :, i, j].reshape(groups, o // groups, w.shape[1])
        # (g, o, c) @ (n, g, c, oh*ow) -> (n, g, o, oh*ow)
        y[places] += product(weights, _grouped(x[sources], groups)).reshape(y[places].shape)
    return put("conv2d", y, out)


def conv2d_bias_leaky_relu(
    x: Array,
    w: Array,
    b: Array,
    geometry: Geometry,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = leaky_relu(conv2d(x, w) + b[o]) with b (o,); a slope of 1 is no activation. Raises as conv2d."""
    y = conv2d(x, w, geometry)
    return put("conv2d_bias_leaky_relu", bias_leaky_relu(y, b, slope), out)


def conv2d_moments(x: Array, w: Array, geometry: Geometry, *, out: Both | None = None) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    Each channel of y is split into pieces. A piece has its count, its mean and its sum of squared deviations,
    all zero if it is empty. Each kernel chooses how many pieces there are. ``out`` is (y, moments); raises as
    conv2d.
    """
    y = conv2d(x, w, geometry)
    return put_all("conv2d_moments", (y, moments_of(y)), out)


def conv_transpose2d(
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by x: y[n, o, p * stride + i * dilation - padding] += w[c, o, i] x[n, c, p].

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size), in ``out`` if given. ``size`` is any size on
    which conv2d takes at least (h, w) places; ValueError otherwise.
    """
    (n, c), groups = x.shape[:2], geometry.groups
    o = w.shape[1] * groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, geometry)
    y = np.zeros((n, o, *size), x.dtype)
    for i, j, places, sources in _meetings(y, x, w.shape[2:], geometry):
        weights = w[:, :, i, j].reshape(groups, c // groups, w.shape[1])
        # (g, o, c) @ (n, g, c, h*w) -> (n, g, o, h*w)
        y[sources] += product(weights.swapaxes(1, 2), _grouped(x[places], groups)).reshape(y[sources].shape)
    return put("conv_transpose2d", y, out)


def conv_transpose2d_scale_bias_leaky_relu(
    x: Array,
    w: Array,
    s: Array,
    b: Array,
    size: Pair,
    geometry: Geometry,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = scale_bias_leaky_relu(conv_transpose2d(x, w), s, b), as these round it, with s and b (o,)."""
    y = scale_bias_leaky_relu(conv_transpose2d(x, w, size, geometry), s, b, slope)
    return put("conv_transpose2d_scale_bias_leaky_relu", y, out)


def conv_transpose2d_moments(
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    *,
    out: Both | None = None,
) -> Both:
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them."""
    y = conv_transpose2d(x, w, size, geometry)
    return put_all("conv_transpose2d_moments", (y, moments_of(y)), out)


def conv2d_weight(
    x: Array,
    g: Array,
    kernel: Pair,
    geometry: Geometry,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by w: gw[o, c, i] += g[n, o, p] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), in ``out`` if given, summed over n and
    the places p of ``g``. These may lack the last places that the kernel takes on x. Raises ValueError if
    there are more of them.
    """
    groups = geometry.groups
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, geometry)
    gw = np.zeros(shape, x.dtype)
    for i, j, places, sources in _meetings(x, g, kernel, geometry):
        # (n, g, o, oh*ow) @ (n, g, oh*ow, c) -> (n, g, o, c), summed over n
        products = product(_grouped(g[places], groups), _grouped(x[sources], groups).swapaxes(2, 3))
        total = products.sum(axis=0, dtype=np.promote_types(x.dtype, np.float64))
        gw[:, :, i, j] = total.reshape(shape[:2])
    return put("conv2d_weight", gw, out)


def _grouped(x: Array, groups: int) -> Array:
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h * w)


def _meetings(
    large: Array, small: Array, kernel: tuple[int, ...], geometry: Geometry
) -> Iterator[tuple[int, int, Any, Any]]:
    """For each kernel element (i, j): the indices of small's places and large's sources that meet in it."""
    every = slice(None)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            (p, s), (q, t) = (
                _meeting(size, places, tap, *numbers)
                for size, places, tap, numbers in zip(
                    large.shape[2:], small.shape[2:], (i, j), geometry.axes(), strict=True
                )
            )
            yield i, j, (every, every, p, q), (every, every, s, t)


def _meeting(size: int, places: int, i: int, stride: int, padding: int, dilation: int) -> tuple[slice, slice]:
    """Along an axis, the places p with 0 <= p * stride + i * dilation - padding < size, and those sources."""
    offset = i * dilation - padding
    first = max(0, -(offset // stride))
    count = max(0, min(places, (size - 1 - offset) // stride + 1) - first)
    start = first * stride + offset if count else 0
    return slice(first, first + count), slice(start, start + count * stride, stride)
