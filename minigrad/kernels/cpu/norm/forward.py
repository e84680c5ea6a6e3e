"""Batch norm's loops forward: the statistics of a few channels, then their images, still in the caches."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.runtime.caches import CACHE_LINE
from minigrad.kernels.cpu.runtime.compiling import jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.registers import prefetch
from minigrad.types import Array

IMAGES = 64
WIDE = 64  # pixels of a channel, from which on the loops run over one channel at a time
RUN = 1 << 12  # pixels that are summed in the arrays' dtype


class Layer(NamedTuple):
    """The parameters of a batch norm with leaky ReLU: weight and bias (c,)."""

    weight: Array
    bias: Array
    eps: float
    slope: float


class Outputs(NamedTuple):
    """y of x's shape, and its statistics, of shape (c,)."""

    y: Array
    mean: Array
    var: Array
    inv_std: Array


class Channels(NamedTuple):
    """The channels of a block: each is a run of ``pixels`` elements of an image.

    y = leaky_relu((x - mean) * scale + bias), with mean, scale and bias of shape (channels,).
    """

    begin: int  # the first element in an image
    pixels: int
    mean: Array
    scale: Array
    bias: Array
    slope: float


@inner_jit
def spread(numbers: Array, pixels: int, y: Array) -> None:
    """y[c * pixels + p] = numbers[c]."""
    for c in range(numbers.size):
        for p in range(c * pixels, (c + 1) * pixels):
            y[p] = numbers[c]


@inner_jit
def fetch(x: Array, n: int, begin: int, size: int) -> None:
    """Prefetch ``size`` elements of row n of x, if there is one: the hardware does not."""
    if n < x.shape[0]:
        row = x[n]
        for j in range(begin, begin + size, CACHE_LINE // x.itemsize):
            prefetch(row, j)


@inner_jit
def _statistics(x: Array, begin: int, pixels: int, mean: Array, squares: Array) -> None:
    """mean[c] of a channel's elements, and squares[c] = sum of (x - mean[c])^2; x (n, channels * pixels).

    IMAGES images at a time, it sums the differences from the first of these, so that a large mean costs no
    digits, and merges the sums into the whole (Chan, Golub and LeVeque 1983, equation 2.1).
    """
    end = begin + mean.size * pixels
    total, total_squares = np.empty(end - begin, x.dtype), np.empty(end - begin, x.dtype)
    for start in range(0, x.shape[0], IMAGES):
        first, images = x[start, begin:end], min(IMAGES, x.shape[0] - start)
        total[:] = 0
        total_squares[:] = 0
        for n in range(start + 1, start + images):
            row = x[n, begin:end]
            fetch(x, n + 1, begin, end - begin)
            for j in range(row.size):
                difference = row[j] - first[j]
                total[j] += difference
                total_squares[j] += difference * difference
        for c in range(mean.size):
            middle, within, between = 0.0, 0.0, 0.0
            for j in range(c * pixels, (c + 1) * pixels):
                middle += np.float64(first[j]) + np.float64(total[j]) / images
            middle /= pixels
            for j in range(c * pixels, (c + 1) * pixels):
                some = np.float64(total[j])
                away = np.float64(first[j]) + some / images - middle
                within += np.float64(total_squares[j]) - some * some / images
                between += away * away
            step = middle - mean[c]
            mean[c] += step * images / (start + images)
            squares[c] += within + images * between
            squares[c] += step * step * pixels * start * images / (start + images)


@inner_jit
def _wide_statistics(x: Array, begin: int, pixels: int, mean: Array, squares: Array) -> None:
    """As ``_statistics``, one channel at a time, with sums in registers of the differences from the channel's
    mean in the first of the images.
    """
    shift, total, total_squares = np.empty_like(mean), np.empty_like(mean), np.empty_like(mean)
    zero = x.dtype.type(0)
    for start in range(0, x.shape[0], IMAGES):
        images = min(IMAGES, x.shape[0] - start)
        for c in range(mean.size):
            some = 0.0
            for j in range(begin + c * pixels, begin + (c + 1) * pixels):
                some += np.float64(x[start, j])
            shift[c] = x.dtype.type(some / pixels)
            total[c], total_squares[c] = 0.0, 0.0
        for n in range(start, start + images):
            for c in range(mean.size):
                at, away = begin + c * pixels, x.dtype.type(shift[c])
                for first in range(at, at + pixels, RUN):
                    row, some_here, squares_here = x[n, first : min(first + RUN, at + pixels)], zero, zero
                    for j in range(row.size):
                        difference = row[j] - away
                        some_here += difference
                        squares_here += difference * difference
                    total[c] += np.float64(some_here)
                    total_squares[c] += np.float64(squares_here)
        for c in range(mean.size):
            apart = total[c] / (images * pixels)
            step = shift[c] + apart - mean[c]
            mean[c] += step * images / (start + images)
            squares[c] += total_squares[c] - total[c] * apart
            squares[c] += step * step * pixels * start * images / (start + images)


@inner_jit
def _write(x: Array, channels: Channels, y: Array) -> None:
    """y = leaky_relu((x - mean) * scale + bias)."""
    begin, pixels, mean, scale, bias, slope = channels
    size, factor = mean.size * pixels, x.dtype.type(slope)
    means, scales, biases = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    spread(mean, pixels, means)
    spread(scale, pixels, scales)
    spread(bias, pixels, biases)
    for n in range(x.shape[0]):
        row, result = x[n, begin : begin + size], y[n, begin : begin + size]
        for j in range(row.size):
            value = (row[j] - means[j]) * scales[j] + biases[j]
            low = factor * value if factor != 0 else factor
            result[j] = low if value <= 0 else value


@inner_jit
def _wide_write(x: Array, channels: Channels, y: Array) -> None:
    """As ``_write``, a channel at a time."""
    begin, pixels, mean, scale, bias, slope = channels
    factor = x.dtype.type(slope)
    for n in range(x.shape[0]):
        for c in range(mean.size):
            at = begin + c * pixels
            row, result = x[n, at : at + pixels], y[n, at : at + pixels]
            middle, times, plus = mean[c], scale[c], bias[c]
            for j in range(row.size):
                value = (row[j] - middle) * times + plus
                low = factor * value if factor != 0 else factor
                result[j] = low if value <= 0 else value


@inner_jit
def _normalise(
    block: int, x: Array, step: int, pixels: int, layer: Layer, known: Array, outputs: Outputs
) -> None:
    """y = leaky_relu((x - mean) * scale + bias), scale = weight * inv_std, for a block's ``step`` channels.

    ``known`` (2, c) is mean and squares; if it is empty, they are computed.
    """
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    weight, bias = layer.weight[own], layer.bias[own]
    mean, var, inv_std = outputs.mean[own], outputs.var[own], outputs.inv_std[own]
    middle, squares, scale = np.zeros(mean.size), np.zeros(mean.size), np.empty(mean.size, x.dtype)
    if known.size:
        for c in range(mean.size):
            middle[c], squares[c] = known[0, block * step + c], known[1, block * step + c]
    elif pixels >= WIDE:
        _wide_statistics(x, begin, pixels, middle, squares)
    else:
        _statistics(x, begin, pixels, middle, squares)
    for c in range(mean.size):
        mean[c], var[c] = middle[c], squares[c] / (x.shape[0] * pixels)
        inv_std[c] = 1.0 / math.sqrt(squares[c] / (x.shape[0] * pixels) + layer.eps)
        scale[c] = weight[c] * inv_std[c]
    channels = Channels(begin, pixels, mean, scale, bias, layer.slope)
    if pixels >= WIDE:
        _wide_write(x, channels, outputs.y)
    else:
        _write(x, channels, outputs.y)


@jit
def normalise_blocks(
    x: Array,
    step: int,
    pixels: int,
    layer: tuple[Array, Array, float, float],
    known: Array,
    outputs: tuple[Array, Array, Array, Array],
) -> None:
    """Fill the Outputs of a Layer; both are plain tuples here, which a call takes in a third of the time."""
    blocks = (outputs[1].size + step - 1) // step
    parallel_for(blocks, _normalise, x, step, pixels, Layer(*layer), known, Outputs(*outputs))


@inner_jit
def _moments(block: int, x: Array, step: int, pixels: int, moments: Array) -> None:
    """moments (3, c): count, mean and squares, for a block's ``step`` channels."""
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    count, mean, squares = moments[0, own], moments[1, own], moments[2, own]
    for c in range(mean.size):
        count[c], mean[c], squares[c] = x.shape[0] * pixels, 0.0, 0.0
    if pixels >= WIDE:
        _wide_statistics(x, begin, pixels, mean, squares)
    else:
        _statistics(x, begin, pixels, mean, squares)


@jit
def moments_blocks(step: int, pixels: int, x: Array, moments: Array) -> None:
    """Fill the moments (3, c) of x."""
    parallel_for((moments.shape[1] + step - 1) // step, _moments, x, step, pixels, moments)
