"""Batch norm's loops backward: a few channels' sums, then their images' gradients."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.compiling import Array, jit
from minigrad.kernels.cpu.inner import inner_jit
from minigrad.kernels.cpu.norm_forward import IMAGES, fetch, spread
from minigrad.kernels.cpu.parallel import parallel_for


@inner_jit
def _gradient_sums(
    g: Array,
    x: Array,
    begin: int,
    pixels: int,
    channels: tuple[Array, Array, Array],
    slope: float,
    sums: Array,
    sums_moved: Array,
) -> None:
    """Add h and h (x - mean) to each channel's sums, h = g gated by the sign of the normalised x."""
    means, scales, biases = channels
    total, total_moved = np.empty(means.size, x.dtype), np.empty(means.size, x.dtype)
    factor = x.dtype.type(slope)
    for start in range(0, x.shape[0], IMAGES):
        total[:] = 0
        total_moved[:] = 0
        for n in range(start, min(start + IMAGES, x.shape[0])):
            row, gradient = x[n, begin : begin + means.size], g[n, begin : begin + means.size]
            fetch(x, n + 1, begin, means.size)
            fetch(g, n + 1, begin, means.size)
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
def _gradients(
    block: int,
    g: Array,
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    gx: Array,
    gw: Array,
    gb: Array,
) -> None:
    """gx = scale * (h - mean(h) - xhat * mean(h * xhat)), gw and gb the sums, for the block's channels."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    weight, bias, mean, inv_std = weight[own], bias[own], mean[own], inv_std[own]
    gw, gb = gw[own], gb[own]
    count, factor = x.shape[0] * pixels, x.dtype.type(slope)
    scale, sums, sums_moved = np.empty(mean.size, x.dtype), np.zeros(mean.size), np.zeros(mean.size)
    for c in range(mean.size):
        scale[c] = weight[c] * inv_std[c]
    size = mean.size * pixels
    means, scales, biases = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    spread(mean, pixels, means)
    spread(scale, pixels, scales)
    spread(bias, pixels, biases)
    _gradient_sums(g, x, begin, pixels, (means, scales, biases), slope, sums, sums_moved)
    for c in range(mean.size):
        gb[c], gw[c] = sums[c], sums_moved[c] * inv_std[c]
        sums[c] /= count
        sums_moved[c] *= np.float64(inv_std[c]) * np.float64(inv_std[c]) / count
    firsts, seconds = np.empty(size, x.dtype), np.empty(size, x.dtype)
    spread(sums, pixels, firsts)
    spread(sums_moved, pixels, seconds)
    for n in range(x.shape[0]):
        row, gradient = x[n, begin : begin + means.size], g[n, begin : begin + means.size]
        result = gx[n, begin : begin + means.size]
        for j in range(row.size):
            moved = row[j] - means[j]
            low = factor * gradient[j] if factor != 0 else factor
            h = gradient[j] if moved * scales[j] + biases[j] > 0 else low
            result[j] = scales[j] * (h - firsts[j] - moved * seconds[j])


@inner_jit
def _wide_gradients(
    block: int,
    g: Array,
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    gx: Array,
    gw: Array,
    gb: Array,
) -> None:
    """As `_gradients`, for channels of so many pixels that their sums and numbers stay in registers."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    weight, bias, mean, inv_std = weight[own], bias[own], mean[own], inv_std[own]
    gw, gb = gw[own], gb[own]
    count, factor, zero = x.shape[0] * pixels, x.dtype.type(slope), x.dtype.type(0)
    sums, sums_moved = np.zeros(mean.size), np.zeros(mean.size)
    for n in range(x.shape[0]):
        for c in range(mean.size):
            at = begin + c * pixels
            row, gradient = x[n, at : at + pixels], g[n, at : at + pixels]
            middle, scale, shift, total, total_moved = mean[c], weight[c] * inv_std[c], bias[c], zero, zero
            for j in range(row.size):
                moved = row[j] - middle
                low = factor * gradient[j] if factor != 0 else factor
                h = gradient[j] if moved * scale + shift > 0 else low
                total += h
                total_moved += h * moved
            sums[c] += np.float64(total)
            sums_moved[c] += np.float64(total_moved)
    for c in range(mean.size):
        gb[c], gw[c] = sums[c], sums_moved[c] * inv_std[c]
        sums[c] /= count
        sums_moved[c] *= np.float64(inv_std[c]) * np.float64(inv_std[c]) / count
    for n in range(x.shape[0]):
        for c in range(mean.size):
            at = begin + c * pixels
            row, gradient, result = x[n, at : at + pixels], g[n, at : at + pixels], gx[n, at : at + pixels]
            middle, scale, shift = mean[c], weight[c] * inv_std[c], bias[c]
            first, second = x.dtype.type(sums[c]), x.dtype.type(sums_moved[c])
            for j in range(row.size):
                moved = row[j] - middle
                low = factor * gradient[j] if factor != 0 else factor
                h = gradient[j] if moved * scale + shift > 0 else low
                result[j] = scale * (h - first - moved * second)


@jit
def gradient_blocks(
    g: Array,
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    gx: Array,
    gw: Array,
    gb: Array,
) -> None:
    blocks = (mean.size + step - 1) // step
    parallel_for(blocks, _gradients, g, x, step, pixels, weight, bias, mean, inv_std, slope, gx, gw, gb)


@jit
def wide_blocks(
    g: Array,
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    gx: Array,
    gw: Array,
    gb: Array,
) -> None:
    blocks = (mean.size + step - 1) // step
    parallel_for(blocks, _wide_gradients, g, x, step, pixels, weight, bias, mean, inv_std, slope, gx, gw, gb)
