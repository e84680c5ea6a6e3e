"""The convolution's three faces, of one formula (minigrad.kernels), and what may come with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.kernels import Pair, check_convolution, conv2d_shape
from minigrad.kernels.moments import moments_of
from minigrad.kernels.reference.arrays import Array, Both, put, put_all
from minigrad.kernels.reference.bias import bias_leaky_relu


def conv2d(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Array | None = None
) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), zero outside itself, w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in `out` if given.
    Output channel o sees the c / groups input channels of its own group. Raises ValueError if the shapes do
    not fit.
    """
    n, o, *size = conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups)
    padded = _pad(x, padding)
    y = np.zeros((n, groups, o // groups, size[0] * size[1]), x.dtype)
    for i, j, window in _windows(w.shape[2:], size, stride, dilation):
        weights = w[:, :, i, j].reshape(groups, o // groups, w.shape[1])
        # (g, o, c) @ (n, g, c, oh*ow) -> (n, g, o, oh*ow)
        y += weights @ _grouped(padded[window], groups)
    return put("conv2d", y.reshape(n, o, *size), out)


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
    y = conv2d(x, w, stride, padding, dilation, groups)
    return put("conv2d_bias_leaky_relu", bias_leaky_relu(y, b, slope), out)


def conv2d_moments(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Both | None = None
) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    The elements of each of y's channels are in pieces, of which there are the count, the mean, and the sum of
    the squared distances from it, all zero for a piece without elements. How many pieces there are is the
    kernel's business. `out` is (y, moments); raises as conv2d.
    """
    y = conv2d(x, w, stride, padding, dilation, groups)
    return put_all("conv2d_moments", (y, moments_of(y)), out)


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

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size), in `out` if given. `size` is any size on
    which conv2d takes at least (h, w) places; ValueError otherwise.
    """
    n, c = x.shape[:2]
    o = w.shape[1] * groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, stride, padding, dilation, groups)
    y = np.zeros((n, o, size[0] + 2 * padding[0], size[1] + 2 * padding[1]), x.dtype)
    columns = _grouped(x, groups)
    for i, j, window in _windows(w.shape[2:], x.shape[2:], stride, dilation):
        weights = w[:, :, i, j].reshape(groups, c // groups, w.shape[1])
        # (g, o, c) @ (n, g, c, h*w) -> (n, g, o, h*w)
        y[window] += (weights.swapaxes(1, 2) @ columns).reshape(n, o, *x.shape[2:])
    inside = y[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]
    return put("conv_transpose2d", np.ascontiguousarray(inside), out)


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
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them."""
    y = conv_transpose2d(x, w, size, stride, padding, dilation, groups)
    return put_all("conv_transpose2d_moments", (y, moments_of(y)), out)


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

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), in `out` if given, summed over n and the
    places p of `g`, which may leave out the last ones that the kernel could take on x, never have more
    (ValueError).
    """
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, stride, padding, dilation, groups)
    padded = _pad(x, padding)
    gw = np.zeros(shape, x.dtype)
    for i, j, window in _windows(kernel, g.shape[2:], stride, dilation):
        # (n, g, o, oh*ow) @ (n, g, oh*ow, c) -> (n, g, o, c), summed over n
        products = _grouped(g, groups) @ _grouped(padded[window], groups).swapaxes(2, 3)
        gw[:, :, i, j] = products.sum(axis=0).reshape(shape[:2])
    return put("conv2d_weight", gw, out)


def _pad(x: Array, padding: Pair) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))


def _grouped(x: Array, groups: int) -> Array:
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h * w)


def _windows(
    kernel: Pair, size: Sequence[int], stride: Pair, dilation: Pair
) -> Iterator[tuple[int, int, Any]]:
    """For each kernel element (i, j): the index of what it meets in the padded image at `size` places."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dilation[0], i * dilation[0] + size[0] * stride[0], stride[0])
            cols = slice(j * dilation[1], j * dilation[1] + size[1] * stride[1], stride[1])
            yield i, j, (slice(None), slice(None), rows, cols)
