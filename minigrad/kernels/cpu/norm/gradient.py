"""Batch norm's loops backward: the sums of a few channels, then the gradients of their images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.norm.forward import IMAGES, RUN, WIDE, Channels, fetch, spread
from minigrad.kernels.cpu.runtime.compiling import jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array


class Normalised(NamedTuple):
    """The parameters of a batch norm with leaky ReLU and the statistics of x: all (c,) but the slope."""

    weight: Array
    bias: Array
    mean: Array
    inv_std: Array
    slope: float


class Gradients(NamedTuple):
    """The gradients by x, of its shape, and by weight and bias, of shape (c,)."""

    gx: Array
    gw: Array
    gb: Array


@inner_jit
def _add_sums(g: Array, x: Array, channels: Channels, sums: Array, sums_moved: Array) -> None:
    """Add h and h (x - mean) to each channel's sums, h = g gated by the sign of the normalised x."""
    begin, pixels, mean, scale, bias, slope = channels
    size, factor = mean.size * pixels, x.dtype.type(slope)
    means, scales, biases = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    spread(mean, pixels, means)
    spread(scale, pixels, scales)
    spread(bias, pixels, biases)
    total, total_moved = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for start in range(0, x.shape[0], IMAGES):
        total[:] = 0
        total_moved[:] = 0
        for n in range(start, min(start + IMAGES, x.shape[0])):
            row, gradient = x[n, begin : begin + size], g[n, begin : begin + size]
            fetch(x, n + 1, begin, size)
            fetch(g, n + 1, begin, size)
            for j in range(row.size):
                moved = row[j] - means[j]
                low = factor * gradient[j] if factor != 0 else factor
                h = gradient[j] if moved * scales[j] + biases[j] > 0 else low
                total[j] += h
                total_moved[j] += h * moved
        for c in range(sums.size):
            some, some_moved = 0.0, 0.0
            for j in range(c * pixels, (c + 1) * pixels):
                some += np.float64(total[j])
                some_moved += np.float64(total_moved[j])
            sums[c] += some
            sums_moved[c] += some_moved


@inner_jit
def _add_wide_sums(g: Array, x: Array, channels: Channels, sums: Array, sums_moved: Array) -> None:
    """As ``_add_sums``, a channel at a time, whose sums stay in registers."""
    begin, pixels, mean, scale, bias, slope = channels
    factor, zero = x.dtype.type(slope), x.dtype.type(0)
    for n in range(x.shape[0]):
        for c in range(mean.size):
            at, middle, times, plus = begin + c * pixels, mean[c], scale[c], bias[c]
            for first in range(at, at + pixels, RUN):
                last, total, total_moved = min(first + RUN, at + pixels), zero, zero
                row, gradient = x[n, first:last], g[n, first:last]
                for j in range(row.size):
                    moved = row[j] - middle
                    low = factor * gradient[j] if factor != 0 else factor
                    h = gradient[j] if moved * times + plus > 0 else low
                    total += h
                    total_moved += h * moved
                sums[c] += np.float64(total)
                sums_moved[c] += np.float64(total_moved)


@inner_jit
def _write(g: Array, x: Array, channels: Channels, first: Array, second: Array, gx: Array) -> None:
    """gx = scale * (h - first - (x - mean) * second)."""
    begin, pixels, mean, scale, bias, slope = channels
    size, factor = mean.size * pixels, x.dtype.type(slope)
    means, scales, biases = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    firsts, seconds = np.empty(size, x.dtype), np.empty(size, x.dtype)
    spread(mean, pixels, means)
    spread(scale, pixels, scales)
    spread(bias, pixels, biases)
    spread(first, pixels, firsts)
    spread(second, pixels, seconds)
    for n in range(x.shape[0]):
        row, gradient = x[n, begin : begin + size], g[n, begin : begin + size]
        result = gx[n, begin : begin + size]
        for j in range(row.size):
            moved = row[j] - means[j]
            low = factor * gradient[j] if factor != 0 else factor
            h = gradient[j] if moved * scales[j] + biases[j] > 0 else low
            result[j] = scales[j] * (h - firsts[j] - moved * seconds[j])


@inner_jit
def _wide_write(g: Array, x: Array, channels: Channels, first: Array, second: Array, gx: Array) -> None:
    """As ``_write``, a channel at a time."""
    begin, pixels, mean, scale, bias, slope = channels
    factor = x.dtype.type(slope)
    for n in range(x.shape[0]):
        for c in range(mean.size):
            at = begin + c * pixels
            row, gradient, result = x[n, at : at + pixels], g[n, at : at + pixels], gx[n, at : at + pixels]
            middle, times, plus = mean[c], scale[c], bias[c]
            mean_h, mean_h_moved = x.dtype.type(first[c]), x.dtype.type(second[c])
            for j in range(row.size):
                moved = row[j] - middle
                low = factor * gradient[j] if factor != 0 else factor
                h = gradient[j] if moved * times + plus > 0 else low
                result[j] = times * (h - mean_h - moved * mean_h_moved)


@inner_jit
def _gradients(
    block: int, g: Array, x: Array, step: int, pixels: int, layer: Normalised, gradients: Gradients
) -> None:
    """gx = scale * (h - mean(h) - xhat * mean(h * xhat)), gw and gb the sums, for the block's channels."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    weight, bias, mean, inv_std = layer.weight[own], layer.bias[own], layer.mean[own], layer.inv_std[own]
    gw, gb, count = gradients.gw[own], gradients.gb[own], x.shape[0] * pixels
    scale, sums, sums_moved = np.empty(mean.size, x.dtype), np.zeros(mean.size), np.zeros(mean.size)
    for c in range(mean.size):
        scale[c] = weight[c] * inv_std[c]
    channels = Channels(begin, pixels, mean, scale, bias, layer.slope)
    if pixels >= WIDE:
        _add_wide_sums(g, x, channels, sums, sums_moved)
    else:
        _add_sums(g, x, channels, sums, sums_moved)
    for c in range(mean.size):
        gb[c], gw[c] = sums[c], sums_moved[c] * inv_std[c]
        sums[c] /= count
        sums_moved[c] *= np.float64(inv_std[c]) * np.float64(inv_std[c]) / count
    if pixels >= WIDE:
        _wide_write(g, x, channels, sums, sums_moved, gradients.gx)
    else:
        _write(g, x, channels, sums, sums_moved, gradients.gx)


@jit
def gradient_blocks(
    g: Array,
    x: Array,
    step: int,
    pixels: int,
    layer: tuple[Array, Array, Array, Array, float],
    gradients: tuple[Array, Array, Array],
) -> None:
    """Fill the Gradients of a Normalised layer; both are plain tuples, as in ``normalise_blocks``."""
    blocks = (gradients[1].size + step - 1) // step
    parallel_for(blocks, _gradients, g, x, step, pixels, Normalised(*layer), Gradients(*gradients))


@inner_jit
def _scaled(layer: Normalised, own: slice, scale: Array) -> None:
    """scale = weight * inv_std, for the channels ``own``."""
    weight, inv_std = layer.weight[own], layer.inv_std[own]
    for c in range(scale.size):
        scale[c] = weight[c] * inv_std[c]


@inner_jit
def _sums(block: int, g: Array, x: Array, step: int, pixels: int, layer: Normalised, sums: Array) -> None:
    """sums (2, c): sum(h) and sum(h * xhat), for the block's channels."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    bias, mean, inv_std, some, some_xhat = (
        layer.bias[own], layer.mean[own], layer.inv_std[own], sums[0, own], sums[1, own]
    )  # fmt: skip
    scale = np.empty(mean.size, x.dtype)
    _scaled(layer, own, scale)
    for c in range(mean.size):
        some[c], some_xhat[c] = 0.0, 0.0
    channels = Channels(begin, pixels, mean, scale, bias, layer.slope)
    if pixels >= WIDE:
        _add_wide_sums(g, x, channels, some, some_xhat)
    else:
        _add_sums(g, x, channels, some, some_xhat)
    for c in range(mean.size):
        some_xhat[c] *= inv_std[c]


@jit
def sums_blocks(
    step: int,
    pixels: int,
    g: Array,
    x: Array,
    layer: tuple[Array, Array, Array, Array, float],
    sums: Array,
) -> None:
    """Fill the sums (2, c) of a Normalised layer."""
    parallel_for((sums.shape[1] + step - 1) // step, _sums, g, x, step, pixels, Normalised(*layer), sums)


@inner_jit
def _from_means(
    block: int, g: Array, x: Array, step: int, pixels: int, layer: Normalised, means: Array, gx: Array
) -> None:
    """gx = scale * (h - means[0] - xhat * means[1]), for the block's channels."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    bias, mean, inv_std = layer.bias[own], layer.mean[own], layer.inv_std[own]
    scale, first, second = np.empty(mean.size, x.dtype), np.empty(mean.size), np.empty(mean.size)
    _scaled(layer, own, scale)
    for c in range(mean.size):
        first[c], second[c] = means[0, block * step + c], means[1, block * step + c] * inv_std[c]
    channels = Channels(begin, pixels, mean, scale, bias, layer.slope)
    if pixels >= WIDE:
        _wide_write(g, x, channels, first, second, gx)
    else:
        _write(g, x, channels, first, second, gx)


@jit
def from_means_blocks(
    step: int,
    pixels: int,
    g: Array,
    x: Array,
    layer: tuple[Array, Array, Array, Array, float],
    means: Array,
    gx: Array,
) -> None:
    """Fill the gradient by x of a Normalised layer, from the means (2, c)."""
    blocks = (means.shape[1] + step - 1) // step
    parallel_for(blocks, _from_means, g, x, step, pixels, Normalised(*layer), means, gx)
