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
    threads,
)

CHANNELS = 32  # channels that one iteration owns
SERIAL = 1 << 14  # elements below which starting the threads costs more than they save


@jit
def _sums(x: Array, shift: Array, total: Array) -> None:
    """total[c] = sum over n, p of x[n, c, p] - shift[c]."""
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row = x[n, :, 0]
            for c in range(total.size):
                total[c] += np.float64(row[c]) - shift[c]
        else:
            for c in range(total.size):
                some, pixels, middle = 0.0, x[n, c], shift[c]
                for p in range(pixels.size):
                    some += np.float64(pixels[p]) - middle
                total[c] += some


@jit
def _square_sums(x: Array, shift: Array, total: Array) -> None:
    """total[c] = sum over n, p of (x[n, c, p] - shift[c])^2."""
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row = x[n, :, 0]
            for c in range(total.size):
                difference = np.float64(row[c]) - shift[c]
                total[c] += difference * difference
        else:
            for c in range(total.size):
                some, pixels, middle = 0.0, x[n, c], shift[c]
                for p in range(pixels.size):
                    difference = np.float64(pixels[p]) - middle
                    some += difference * difference
                total[c] += some


@jit
def _gradient_sums(g: Array, x: Array, mean: Array, inv_std: Array, total: Array) -> None:
    """total[c] = sum over n, p of g[n, c, p] * xhat[n, c, p]."""
    total[:] = 0.0
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, gradient = x[n, :, 0], g[n, :, 0]
            for c in range(total.size):
                xhat = (row[c] - mean[c]) * inv_std[c]
                total[c] += np.float64(gradient[c]) * np.float64(xhat)
        else:
            for c in range(total.size):
                some, pixels, gradient, middle, scale = 0.0, x[n, c], g[n, c], mean[c], inv_std[c]
                for p in range(pixels.size):
                    xhat = (pixels[p] - middle) * scale
                    some += np.float64(gradient[p]) * np.float64(xhat)
                total[c] += some


@jit
def _standardize_channels(x: Array, eps: float, y: Array, mean: Array, var: Array, inv_std: Array) -> None:
    size, count = x.shape[0] * x.shape[2], x.shape[1]
    middle, total = np.zeros(count), np.zeros(count)
    _sums(x, middle, total)
    for c in range(count):
        middle[c] = total[c] / size
    _square_sums(x, middle, total)
    for c in range(count):
        mean[c] = middle[c]
        var[c] = total[c] / size
        inv_std[c] = 1.0 / math.sqrt(total[c] / size + eps)
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, result = x[n, :, 0], y[n, :, 0]
            for c in range(count):
                result[c] = (row[c] - mean[c]) * inv_std[c]
        else:
            for c in range(count):
                pixels, results, shift, scale = x[n, c], y[n, c], mean[c], inv_std[c]
                for p in range(pixels.size):
                    results[p] = (pixels[p] - shift) * scale


@jit
def _standardize_grad_channels(g: Array, x: Array, mean: Array, inv_std: Array, gx: Array) -> None:
    size, count = x.shape[0] * x.shape[2], x.shape[1]
    zero, total = np.zeros(count), np.zeros(count)
    mean_g, mean_gxhat = np.empty(count, x.dtype), np.empty(count, x.dtype)
    _sums(g, zero, total)
    for c in range(count):
        mean_g[c] = total[c] / size
    _gradient_sums(g, x, mean, inv_std, total)
    for c in range(count):
        mean_gxhat[c] = total[c] / size
    for n in range(x.shape[0]):
        if x.shape[2] == 1:
            row, gradient, result = x[n, :, 0], g[n, :, 0], gx[n, :, 0]
            for c in range(count):
                xhat = (row[c] - mean[c]) * inv_std[c]
                result[c] = inv_std[c] * (gradient[c] - mean_g[c] - xhat * mean_gxhat[c])
        else:
            for c in range(count):
                pixels, gradient, results = x[n, c], g[n, c], gx[n, c]
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
        _standardize_channels(x[:, own], eps, y[:, own], mean[own], var[own], inv_std[own])


@parallel_jit
def _standardize_grad_blocks(g: Array, x: Array, mean: Array, inv_std: Array, step: int, gx: Array) -> None:
    """One iteration owns `step` channels."""
    for block in numba.prange((x.shape[1] + step - 1) // step):
        own = slice(block * step, (block + 1) * step)
        _standardize_grad_channels(g[:, own], x[:, own], mean[own], inv_std[own], gx[:, own])


@jit
def _standardize_all(x: Array, eps: float, y: Array, mean: Array, var: Array, inv_std: Array) -> None:
    """On this thread alone; the slices are of the types that the blocks have."""
    _standardize_channels(x[:, :], eps, y[:, :], mean, var, inv_std)


@jit
def _standardize_grad_all(g: Array, x: Array, mean: Array, inv_std: Array, gx: Array) -> None:
    """On this thread alone; the slices are of the types that the blocks have."""
    _standardize_grad_channels(g[:, :], x[:, :], mean, inv_std, gx[:, :])


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
    if x.size < SERIAL or threads() == 1:
        _standardize_all(flat, float(eps), y_flat, mean, var, inv_std)
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
    if x.size < SERIAL or threads() == 1:
        _standardize_grad_all(*arrays, gx_flat)
    else:
        with launch(SMALL):
            _standardize_grad_blocks(*arrays, _channels_each(c), gx_flat)
    return gx


def _by_channel(x: Array) -> Array:
    return contiguous(x).reshape(x.shape[0], x.shape[1], -1)


def _channels_each(c: int) -> int:
    """Channels per iteration: many at a time for the vector unit, but a share for every thread."""
    return max(1, min(CHANNELS, -(-c // threads())))
