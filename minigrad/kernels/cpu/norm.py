"""Batch normalisation without scale and shift, and its gradient.

The sums run in float64, channel by channel in a fixed order. Images with several pixels are read a channel at
a time; where a channel has one or few (batch norm of vectors), whole rows of channels are read at once.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from minigrad.kernels.cpu.compiling import (
    SMALL,
    Array,
    checked,
    contiguous,
    jit,
    launch,
    parallel_jit,
)

CHANNELS = 32  # channels that one iteration owns
SERIAL = 1 << 14  # elements below which starting the threads costs more than they save


@jit
def _row(x: Array, n: int, channel: int, count: int) -> Array:
    """x[n, channel : channel + count] of vectors, x (n, c, 1)."""
    row: Array = x[n].reshape(-1)[channel : channel + count]
    return row


@jit
def _sums(x: Array, channel: int, shift: Array, total: Array) -> None:
    """total[c] = sum over n, p of x[n, c, p] - shift[c]."""
    count = total.size
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row = _row(x, n, channel, count)
            for c in range(count):
                total[c] += np.float64(row[c]) - shift[c]
        else:
            for c in range(count):
                some, pixels, middle = 0.0, x[n, channel + c], shift[c]
                for p in range(pixels.size):
                    some += np.float64(pixels[p]) - middle
                total[c] += some


@jit
def _square_sums(x: Array, channel: int, shift: Array, total: Array) -> None:
    """total[c] = sum over n, p of (x[n, c, p] - shift[c])^2."""
    count = total.size
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row = _row(x, n, channel, count)
            for c in range(count):
                difference = np.float64(row[c]) - shift[c]
                total[c] += difference * difference
        else:
            for c in range(count):
                some, pixels, middle = 0.0, x[n, channel + c], shift[c]
                for p in range(pixels.size):
                    difference = np.float64(pixels[p]) - middle
                    some += difference * difference
                total[c] += some


@jit
def _gradient_sums(g: Array, x: Array, channel: int, mean: Array, inv_std: Array, total: Array) -> None:
    """total[c] = sum over n, p of g[n, c, p] * xhat[n, c, p]."""
    count = total.size
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, gradient = _row(x, n, channel, count), _row(g, n, channel, count)
            for c in range(count):
                xhat = (row[c] - mean[c]) * inv_std[c]
                total[c] += np.float64(gradient[c]) * np.float64(xhat)
        else:
            for c in range(count):
                some, middle, scale = 0.0, mean[c], inv_std[c]
                pixels, gradient = x[n, channel + c], g[n, channel + c]
                for p in range(pixels.size):
                    xhat = (pixels[p] - middle) * scale
                    some += np.float64(gradient[p]) * np.float64(xhat)
                total[c] += some


@jit
def _standardize_channels(
    x: Array, eps: float, channel: int, y: Array, mean: Array, var: Array, inv_std: Array
) -> None:
    size, count = x.shape[0] * x.shape[2], mean.size
    middle, total = np.zeros(count), np.zeros(count)
    _sums(x, channel, middle, total)
    for c in range(count):
        middle[c] = total[c] / size
    _square_sums(x, channel, middle, total)
    for c in range(count):
        mean[c] = middle[c]
        var[c] = total[c] / size
        inv_std[c] = 1.0 / math.sqrt(total[c] / size + eps)
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, result = _row(x, n, channel, count), _row(y, n, channel, count)
            for c in range(count):
                result[c] = (row[c] - mean[c]) * inv_std[c]
        else:
            for c in range(count):
                pixels, results, shift, scale = x[n, channel + c], y[n, channel + c], mean[c], inv_std[c]
                for p in range(pixels.size):
                    results[p] = (pixels[p] - shift) * scale


@jit
def _standardize_grad_channels(
    g: Array, x: Array, channel: int, mean: Array, inv_std: Array, gx: Array
) -> None:
    size, count = x.shape[0] * x.shape[2], mean.size
    zero, total = np.zeros(count), np.zeros(count)
    mean_g, mean_gxhat = np.empty(count, x.dtype), np.empty(count, x.dtype)
    _sums(g, channel, zero, total)
    for c in range(count):
        mean_g[c] = total[c] / size
    _gradient_sums(g, x, channel, mean, inv_std, total)
    for c in range(count):
        mean_gxhat[c] = total[c] / size
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, gradient = _row(x, n, channel, count), _row(g, n, channel, count)
            result = _row(gx, n, channel, count)
            for c in range(count):
                result[c] = (row[c] - mean[c]) * inv_std[c]
            # a loop of its own: with all seven arrays in one, it would not be vectorised
            for c in range(count):
                result[c] = inv_std[c] * (gradient[c] - mean_g[c] - result[c] * mean_gxhat[c])
        else:
            for c in range(count):
                pixels, gradient, results = x[n, channel + c], g[n, channel + c], gx[n, channel + c]
                middle, scale, first, second = mean[c], inv_std[c], mean_g[c], mean_gxhat[c]
                for p in range(pixels.size):
                    xhat = (pixels[p] - middle) * scale
                    results[p] = scale * (gradient[p] - first - xhat * second)


@parallel_jit
def _standardize_blocks(
    x: Array, eps: float, step: int, y: Array, mean: Array, var: Array, inv_std: Array
) -> None:
    """One iteration owns `step` channels."""
    for block in numba.prange((x.shape[1] + step - 1) // step):
        own = slice(block * step, (block + 1) * step)
        _standardize_channels(x, eps, block * step, y, mean[own], var[own], inv_std[own])


@parallel_jit
def _standardize_grad_blocks(g: Array, x: Array, mean: Array, inv_std: Array, step: int, gx: Array) -> None:
    """One iteration owns `step` channels."""
    for block in numba.prange((x.shape[1] + step - 1) // step):
        own = slice(block * step, (block + 1) * step)
        _standardize_grad_channels(g, x, block * step, mean[own], inv_std[own], gx)


def standardize(x: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps).

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) over all axes but 1; var is the
    biased variance. With no element in a channel, mean and var are 0. TypeError unless x is float32 or
    float64. (Ioffe and Szegedy 2015, algorithm 1, before scale and shift.)
    """
    checked("standardize", x)
    c = x.shape[1]
    y = np.empty(x.shape, x.dtype)
    mean, var, inv_std = (np.zeros(c, x.dtype) for _ in range(3))
    if x.size == 0:
        inv_std.fill(1 / math.sqrt(eps))
        return y, mean, var, inv_std
    flat, y_flat = _by_channel(x), y.reshape(x.shape[0], c, -1)
    if x.size < SERIAL:
        _standardize_channels(flat, float(eps), 0, y_flat, mean, var, inv_std)
    else:
        with launch(SMALL):
            _standardize_blocks(flat, float(eps), _channels_each(c), y_flat, mean, var, inv_std)
    return y, mean, var, inv_std


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape. TypeError unless
    all are float32 or all float64.
    """
    checked("standardize_grad", g, x, mean, inv_std)
    c = x.shape[1]
    if g.shape != x.shape or mean.shape != (c,) or inv_std.shape != (c,):
        raise ValueError(
            f"standardize_grad: expected g of x's shape {x.shape} and mean, inv_std of shape ({c},); "
            f"got {g.shape}, {mean.shape}, {inv_std.shape}"
        )
    gx = np.empty(x.shape, x.dtype)
    if x.size == 0:
        return gx
    arrays = _by_channel(g), _by_channel(x), contiguous(mean), contiguous(inv_std)
    gx_flat = gx.reshape(x.shape[0], c, -1)
    if x.size < SERIAL:
        _standardize_grad_channels(*arrays[:2], 0, *arrays[2:], gx_flat)
    else:
        with launch(SMALL):
            _standardize_grad_blocks(*arrays, _channels_each(c), gx_flat)
    return gx


def _by_channel(x: Array) -> Array:
    return contiguous(x).reshape(x.shape[0], x.shape[1], -1)


def _channels_each(c: int) -> int:
    """Channels per iteration: many at a time for the vector unit, few enough for eight threads to share.

    The number of threads has no say in it: where a vector loop ends, the last bits may differ.
    """
    return max(1, min(CHANNELS, -(-c // 8)))
