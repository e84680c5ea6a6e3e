"""Batch normalisation with scale, shift and leaky ReLU, and its gradient, each in two passes over memory.

One iteration owns a few whole channels and takes both passes, so that the second finds them in the cache. An
image's elements of these channels lie side by side: the loops run along them, whatever the image's size, with
the channels' numbers spread over their pixels. The gradient of large images has loops along each channel.

Statistics that come with x (`moments`) are merged in NumPy and leave out the first pass.

A position's sum over the images runs in the arrays' dtype for at most IMAGES of them and goes on in float64;
so does a large image's sum over a channel's pixels. The order is fixed, whatever the number of threads.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels import check_channels, output
from minigrad.kernels.cpu.compiling import SMALL, Array, checked, contiguous, jit, launch
from minigrad.kernels.cpu.inner import inner_jit
from minigrad.kernels.cpu.parallel import parallel_for
from minigrad.kernels.cpu.tile import prefetch
from minigrad.kernels.moments import check_moments, merged

LINE = 64  # bytes of a cache line
ELEMENTS = 1024  # of an image, that an iteration owns if its channels are small: they fit the first cache
LEAST = 64  # and at least: few elements make poor loops
IMAGES = 64
WIDE = 64  # pixels from which the gradient loops over one channel at a time
SERIAL = 1 << 17  # elements below which starting the threads costs more than they save
UNKNOWN = np.empty((2, 0))  # mean and squares that are still to be computed

Outputs = tuple[Array, Array, Array, Array]
ChannelGradients = tuple[Array, Array, Array]


@inner_jit
def _spread(numbers: Array, pixels: int, y: Array) -> None:
    """y[c * pixels + p] = numbers[c]."""
    for c in range(numbers.size):
        for p in range(c * pixels, (c + 1) * pixels):
            y[p] = numbers[c]


@inner_jit
def _fetch(x: Array, n: int, begin: int, size: int) -> None:
    """Ask for `size` elements of row n of x, if there is one: no processor foresees the next image."""
    if n < x.shape[0]:
        row = x[n]
        for j in range(begin, begin + size, LINE // x.itemsize):
            prefetch(row, j)


@inner_jit
def _statistics(x: Array, begin: int, pixels: int, mean: Array, squares: Array) -> None:
    """mean[c] of a channel's elements, and squares[c] = sum of (x - mean[c])^2; x (n, channels * pixels).

    Sums over some images of the differences from the first of them, which take away the digits that numbers
    far from zero share, are merged into the whole (Chan, Golub and LeVeque 1983, equation 2.1).
    """
    end = begin + mean.size * pixels
    total, total_squares = np.empty(end - begin, x.dtype), np.empty(end - begin, x.dtype)
    for start in range(0, x.shape[0], IMAGES):
        first, images = x[start, begin:end], min(IMAGES, x.shape[0] - start)
        total[:] = 0
        total_squares[:] = 0
        for n in range(start + 1, start + images):
            row = x[n, begin:end]
            _fetch(x, n + 1, begin, end - begin)
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
            mean[c] = mean[c] + step * images / (start + images)
            squares[c] += within + images * between
            squares[c] += step * step * pixels * start * images / (start + images)


@inner_jit
def _normalise(
    block: int,
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    eps: float,
    slope: float,
    known: Array,
    y: Array,
    mean: Array,
    var: Array,
    inv_std: Array,
) -> None:
    """y = leaky_relu((x - mean) * scale + bias), scale = weight * inv_std, for a block's `step` channels.

    `known` (2, c) has mean and squares where they need not be computed, or no channel.
    """
    own, begin = slice(block * step, (block + 1) * step), block * step * pixels
    weight, bias, mean, var, inv_std = weight[own], bias[own], mean[own], var[own], inv_std[own]
    middle, squares, scale = np.zeros(mean.size), np.zeros(mean.size), np.empty(mean.size, x.dtype)
    if known.size == 0:
        _statistics(x, begin, pixels, middle, squares)
    else:
        for c in range(mean.size):
            middle[c], squares[c] = known[0, block * step + c], known[1, block * step + c]
    for c in range(mean.size):
        mean[c], var[c] = middle[c], squares[c] / (x.shape[0] * pixels)
        inv_std[c] = 1.0 / math.sqrt(squares[c] / (x.shape[0] * pixels) + eps)
        scale[c] = weight[c] * inv_std[c]
    size = mean.size * pixels
    means, scales, biases = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    _spread(mean, pixels, means)
    _spread(scale, pixels, scales)
    _spread(bias, pixels, biases)
    factor = x.dtype.type(slope)
    for n in range(x.shape[0]):
        row, result = x[n, begin : begin + means.size], y[n, begin : begin + means.size]
        for j in range(row.size):
            value = (row[j] - means[j]) * scales[j] + biases[j]
            low = factor * value if factor != 0 else factor
            result[j] = low if value <= 0 else value


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
            _fetch(x, n + 1, begin, means.size)
            _fetch(g, n + 1, begin, means.size)
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
    _spread(mean, pixels, means)
    _spread(scale, pixels, scales)
    _spread(bias, pixels, biases)
    _gradient_sums(g, x, begin, pixels, (means, scales, biases), slope, sums, sums_moved)
    for c in range(mean.size):
        gb[c], gw[c] = sums[c], sums_moved[c] * inv_std[c]
        sums[c] /= count
        sums_moved[c] *= np.float64(inv_std[c]) * np.float64(inv_std[c]) / count
    firsts, seconds = np.empty(size, x.dtype), np.empty(size, x.dtype)
    _spread(sums, pixels, firsts)
    _spread(sums_moved, pixels, seconds)
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
def _normalise_blocks(
    x: Array,
    step: int,
    pixels: int,
    weight: Array,
    bias: Array,
    eps: float,
    slope: float,
    known: Array,
    y: Array,
    mean: Array,
    var: Array,
    inv_std: Array,
) -> None:
    blocks = (mean.size + step - 1) // step
    parallel_for(blocks, _normalise, x, step, pixels, weight, bias, eps, slope, known, y, mean, var, inv_std)


@jit
def _gradient_blocks(
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
def _wide_blocks(
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
    but 1; var is the biased variance. With no element in a channel, mean and var are 0. `slope` is that of
    the leaky ReLU below 0; 1 leaves it out. With `moments`, as conv2d_moments gives them for x, mean and var
    come from these. TypeError unless all are float32 or all float64, ValueError if weight, bias or moments do
    not fit. (Ioffe and Szegedy 2015, algorithm 1.)
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
    checked("batch_norm_grad", g, x, weight, bias, mean, inv_std)
    check_channels("batch_norm_grad", x, weight, bias, mean, inv_std)
    return _backward("batch_norm_grad", g, x, weight, bias, mean, inv_std, slope, out)


def standardize(x: Array, eps: float, *, moments: Array | None = None, out: Outputs | None = None) -> Outputs:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps): batch_norm without the rest.

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) as batch_norm gives them; `moments`
    as it takes them.
    """
    checked("standardize", x)
    weight, bias = np.ones(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    return _forward("standardize", x, weight, bias, eps, 1.0, moments, out)


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array, *, out: Array | None = None) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape. TypeError unless
    all are float32 or all float64.
    """
    checked("standardize_grad", g, x, mean, inv_std)
    check_channels("standardize_grad", x, mean, inv_std)
    gx = output("standardize_grad", out, x.shape, x.dtype)
    weight, bias, *sums = np.ones_like(mean), np.zeros_like(mean), np.empty_like(mean), np.empty_like(mean)
    return _backward("standardize_grad", g, x, weight, bias, mean, inv_std, 1.0, (gx, sums[0], sums[1]))[0]


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
    parameters = pixels, contiguous(weight), contiguous(bias), float(eps), float(slope), known
    results = y.reshape(flat.shape), mean, var, inv_std
    if x.size < SERIAL:
        _normalise_blocks(flat, mean.size, *parameters, *results)
    else:
        with launch(SMALL):
            _normalise_blocks(flat, _channels_each(x.shape[1], pixels), *parameters, *results)
    return y, mean, var, inv_std


def _backward(
    name: str,
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    mean: Array,
    inv_std: Array,
    slope: float,
    out: ChannelGradients | None,
) -> ChannelGradients:
    if g.shape != x.shape:
        raise ValueError(f"{name}: expected g of x's shape {x.shape}; got {g.shape}")
    shapes = x.shape, mean.shape, mean.shape
    gx, gw, gb = (
        output(name, given, shape, x.dtype) for given, shape in zip(out or (None,) * 3, shapes, strict=True)
    )
    if x.size == 0:
        gw.fill(0)
        gb.fill(0)
        return gx, gw, gb
    pixels, flat = _pixels(x), contiguous(x).reshape(x.shape[0], -1)
    gradient = contiguous(g).reshape(flat.shape)
    channels = contiguous(weight), contiguous(bias), contiguous(mean), contiguous(inv_std)
    parameters = pixels, *channels, float(slope)
    results = gx.reshape(flat.shape), gw, gb
    blocks = _wide_blocks if pixels >= WIDE else _gradient_blocks
    if x.size < SERIAL:
        blocks(gradient, flat, mean.size, *parameters, *results)
    else:
        with launch(SMALL):
            blocks(gradient, flat, _channels_each(x.shape[1], pixels), *parameters, *results)
    return gx, gw, gb


def _known(moments: Array, count: int) -> Array:
    """(2, c): mean and squares of channels of so many elements."""
    mean, var = merged(moments)
    return np.stack([mean, var * count])


def _pixels(x: Array) -> int:
    return math.prod(x.shape[2:])


def _channels_each(c: int, pixels: int) -> int:
    """Channels per iteration: enough elements for long loops, few enough for eight threads to share."""
    return max(1, min(ELEMENTS, max(LEAST, c * pixels // 8)) // pixels)
