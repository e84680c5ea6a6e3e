"""The kernels in plain NumPy, written to be read: the oracle for the others. Any float dtype, any strides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels import Gradients, Pair, check_convolution, conv2d_shape, output
from minigrad.kernels.moments import check_moments, merged, moments_of
from minigrad.kernels.philox import philox_normal, philox_uniform
from minigrad.kernels.running import update_running_stats
from minigrad.kernels.settings import (
    Settings,
    adam_settings,
    check_settings,
    rmsprop_settings,
    sgd_settings,
)

__all__ = [
    "adam_update",
    "batch_norm",
    "batch_norm_grad",
    "bias_leaky_relu",
    "bias_leaky_relu_grad",
    "conv2d",
    "conv2d_bias_leaky_relu",
    "conv2d_moments",
    "conv2d_weight",
    "conv_transpose2d",
    "conv_transpose2d_moments",
    "leaky_gate",
    "leaky_relu",
    "linear",
    "matmul",
    "matmul_gate",
    "mean_softplus",
    "mean_softplus_grad",
    "philox_normal",
    "philox_uniform",
    "rmsprop_update",
    "sgd_update",
    "stacked_matmul",
    "standardize",
    "standardize_grad",
    "sum_squares",
    "update_running_stats",
]

Array = NDArray[Any]
Both = tuple[Array, Array]
Outputs = tuple[Array, Array, Array, Array]
ChannelGradients = tuple[Array, Array, Array]
Results = TypeVar("Results", bound=tuple[Array, ...])


def conv2d(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Array | None = None
) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), zero outside itself, w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in `out` if given.
    Output channel o sees
    the c / groups input channels of its own group. Raises ValueError if the shapes do not fit.
    """
    n, o, *size = conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups)
    padded = _pad(x, padding)
    y = np.zeros((n, groups, o // groups, size[0] * size[1]), x.dtype)
    for i, j, window in _windows(w.shape[2:], size, stride, dilation):
        weights = w[:, :, i, j].reshape(groups, o // groups, w.shape[1])
        # (g, o, c) @ (n, g, c, oh*ow) -> (n, g, o, oh*ow)
        y += weights @ _grouped(padded[window], groups)
    return _put("conv2d", y.reshape(n, o, *size), out)


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
    return _put("conv2d_bias_leaky_relu", bias_leaky_relu(y, b, slope), out)


def conv2d_moments(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Both | None = None
) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    The elements of each of y's channels are in pieces, of which there are the count, the mean, and the sum of
    the squared distances from it, all zero for a piece without elements. How many pieces there are is the
    kernel's business. `out` is (y, moments); raises as conv2d.
    """
    y = conv2d(x, w, stride, padding, dilation, groups)
    return _put_all("conv2d_moments", (y, moments_of(y)), out)


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
    return _put("conv_transpose2d", np.ascontiguousarray(inside), out)


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
    return _put_all("conv_transpose2d_moments", (y, moments_of(y)), out)


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
    return _put("conv2d_weight", gw, out)


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
    mean and var are 0. `slope` is that of the leaky ReLU below 0; 1 leaves it out. With `moments`, as
    conv2d_moments gives them for x, mean and var come from these; ValueError if they do not fit. (Ioffe and
    Szegedy 2015, algorithm 1.)
    """
    check_moments("batch_norm", x, moments)
    xhat, mean, var, inv_std = standardize(x, eps, moments=moments)
    y = leaky_relu(xhat * _per_channel(weight, x.ndim) + _per_channel(bias, x.ndim), slope)
    return _put_all("batch_norm", (y, mean, var, inv_std), out)


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
    axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
    xhat = (x - _per_channel(mean, x.ndim)) * _per_channel(inv_std, x.ndim)
    h = leaky_gate(g, xhat * _per_channel(weight, x.ndim) + _per_channel(bias, x.ndim), slope)
    gw = (h * xhat).sum(axis=axes, dtype=wide).astype(x.dtype)
    gb = h.sum(axis=axes, dtype=wide).astype(x.dtype)
    gx = _per_channel(weight, x.ndim) * standardize_grad(h, x, mean, inv_std)
    return _put_all("batch_norm_grad", (gx, gw, gb), out)


def standardize(x: Array, eps: float, *, moments: Array | None = None, out: Outputs | None = None) -> Outputs:
    """y = (x - mean) * inv_std per channel, inv_std = 1 / sqrt(var + eps): batch_norm without the rest.

    x (n, c, ...) -> y of x's shape, and mean, var, inv_std of shape (c,) as batch_norm gives them; `moments`
    as it takes them.
    """
    if moments is None:
        axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
        count = max(x.size // max(x.shape[1], 1), 1)
        mean = x.sum(axis=axes, dtype=wide) / count
        var = np.square(x - _per_channel(mean, x.ndim)).sum(axis=axes, dtype=wide) / count
    else:
        check_moments("standardize", x, moments)
        mean, var = merged(moments)
    inv_std = 1 / np.sqrt(var + eps)
    mean, var, inv_std = (a.astype(x.dtype) for a in (mean, var, inv_std))
    y = (x - _per_channel(mean, x.ndim)) * _per_channel(inv_std, x.ndim)
    return _put_all("standardize", (y, mean, var, inv_std), out)


def standardize_grad(g: Array, x: Array, mean: Array, inv_std: Array, *, out: Array | None = None) -> Array:
    """gx = inv_std (g - mean(g) - xhat mean(g xhat)), xhat = (x - mean) inv_std; means over all axes but 1.

    g and x (n, c, ...), mean and inv_std (c,) as standardize gave them -> gx of x's shape.
    """
    axes, wide = (0, *range(2, x.ndim)), np.promote_types(x.dtype, np.float64)
    count = max(x.size // max(x.shape[1], 1), 1)
    scale = _per_channel(inv_std, x.ndim)
    xhat = (x - _per_channel(mean, x.ndim)) * scale
    mean_g = (g.sum(axis=axes, dtype=wide) / count).astype(x.dtype)
    mean_gxhat = ((g * xhat).sum(axis=axes, dtype=wide) / count).astype(x.dtype)
    gx = scale * (g - _per_channel(mean_g, x.ndim) - xhat * _per_channel(mean_gxhat, x.ndim))
    return _put("standardize_grad", gx, out)


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in `out` if given. ValueError if the shapes do not fit.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    return _put("matmul", np.ascontiguousarray(np.matmul(x, y)), out)


def stacked_matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """numpy.matmul: z[..., i, j] = sum over k of x[..., i, k] y[..., k, j].

    x (..., m, k), y (..., k, n) -> z (..., m, n), in `out` if given. Axes before the last two are broadcast;
    an operand of one axis is a row x or a column y, and z lacks that axis. ValueError if the shapes do not
    fit.
    """
    return _put("stacked_matmul", np.asarray(np.matmul(x, y), order="C"), out)


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too."""
    return _put("leaky_relu", np.where(x <= 0, slope * x if slope else np.zeros_like(x), x), out)


def leaky_gate(g: Array, x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g."""
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    return _put("leaky_gate", np.where(x > 0, g, slope * g if slope else np.zeros_like(g)), out)


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    `out` if given. ValueError if the shapes do not fit.
    """
    return bias_leaky_relu_grad(matmul(x, y), own, slope, out=out)


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in `out` if given. ValueError if the shapes do not fit.
    """
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    return _put("linear", leaky_relu(matmul(x, w.T) + b, slope), out)


def bias_leaky_relu(x: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(x + b[c]): x (n, c, ...), b (c,) -> y of x's shape; `out` may be x itself."""
    return leaky_relu(x + _per_channel(b, x.ndim), slope, out=out)


def bias_leaky_relu_grad(g: Array, y: Array, slope: float, *, out: Both | None = None) -> Both:
    """The gradients of bias_leaky_relu, for the gradient g of its output y, by x and by b.

    gx = g where y > 0, slope * g elsewhere (the slope is at least 0); gb = sum of gx over all axes but 1.
    g and y (n, c, ...).
    """
    gx = leaky_gate(g, y, slope)
    gb = gx.sum(axis=(0, *range(2, y.ndim)), dtype=np.promote_types(y.dtype, np.float64)).astype(y.dtype)
    return _put_all("bias_leaky_relu_grad", (gx, gb), out)


def mean_softplus(x: Array, sign: float, *, out: Array | None = None) -> Array:
    """y = mean of log(1 + e^(sign x)) over all elements, finite for every finite x; sign is 1 or -1.

    x of any shape -> y of shape ().
    """
    z, wide = sign * x, np.promote_types(x.dtype, np.float64)
    y = np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), dtype=wide)
    return _put("mean_softplus", np.asarray(y, x.dtype), out)


def mean_softplus_grad(g: Array, x: Array, sign: float, *, out: Array | None = None) -> Array:
    """gx = g sign sigmoid(sign x) / N, the gradient of mean_softplus; g of shape (), x of N elements."""
    z = sign * x
    small = np.exp(-np.abs(z))
    return _put(
        "mean_softplus_grad",
        g * (sign * np.where(z >= 0, 1, small) / (1 + small) / x.size).astype(x.dtype),
        out,
    )


def sum_squares(arrays: Sequence[Array]) -> Array:
    """The sum of the squares of all elements of all arrays, taken in float64: of shape ()."""
    return np.asarray(sum(np.square(a, dtype=np.float64).sum() for a in arrays), np.float64)


def sgd_update(
    p: Array,
    g: Gradients,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    *,
    settings: Array | None = None,
) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + (1 - dampening) d; p -= lr v.

    Nesterov's form ends with p -= lr (d + momentum v). `velocity` is None without momentum: p -= lr d. Start
    it at zero and, as PyTorch does, take the first step without dampening. `g` is of p's shape, or arrays
    that are p's end to end. `settings`, if given, is an array of p's dtype with what sgd_settings makes of
    the numbers, and is read in their place. (Sutskever et al. 2013.)
    """
    lr, momentum, damped, weight_decay = _settings(
        "sgd_update", p, sgd_settings(lr, momentum, dampening, weight_decay), settings
    )
    if math.isnan(lr):
        return
    d = _gradient(g, p) + weight_decay * p
    if velocity is not None:
        velocity[...] = momentum * velocity + damped * d
        d = d + momentum * velocity if nesterov else velocity
    p -= lr * d


def rmsprop_update(
    p: Array,
    g: Gradients,
    square_average: Array,
    gradient_average: Array | None,
    velocity: Array | None,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    *,
    settings: Array | None = None,
) -> None:
    """RMSprop in place: d = g + weight_decay p; s = alpha s + (1 - alpha) d^2; p -= lr d / (sqrt(s) + eps).

    With `gradient_average` a (centered): a += (1 - alpha) (d - a), and s - a^2 stands in the root. With
    `velocity` v: v = momentum v + d / (sqrt(s) + eps); p -= lr v. `g` and `settings` as in sgd_update.
    (Tieleman and Hinton 2012; Graves 2013 for the centered form.)
    """
    lr, alpha, rest, eps, weight_decay, momentum = _settings(
        "rmsprop_update", p, rmsprop_settings(lr, alpha, eps, weight_decay, momentum), settings
    )
    if math.isnan(lr):
        return
    d = _gradient(g, p) + weight_decay * p
    square_average[...] = alpha * square_average + rest * d * d
    variance = square_average
    if gradient_average is not None:
        gradient_average += rest * (d - gradient_average)
        variance = square_average - gradient_average * gradient_average
    d = d / (np.sqrt(variance) + eps)
    if velocity is not None:
        velocity[...] = momentum * velocity + d
        d = velocity
    p -= lr * d


def adam_update(
    p: Array,
    g: Gradients,
    m: Array,
    v: Array,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    *,
    settings: Array | None = None,
) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1): `step` counts from 1.

    d = g + weight_decay p; m += (1 - beta1) (d - m); v = beta2 v + (1 - beta2) d^2;
    p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps). `g` and `settings` as in
    sgd_update.
    """
    rate, root, rest1, beta2, rest2, eps, weight_decay = _settings(
        "adam_update", p, adam_settings(step, lr, beta1, beta2, eps, weight_decay), settings
    )
    if math.isnan(rate):
        return
    d = _gradient(g, p) + weight_decay * p
    m += rest1 * (d - m)
    v[...] = beta2 * v + rest2 * d * d
    p -= rate * m / (np.sqrt(v) / root + eps)


def _put(name: str, result: Array, out: Array | None) -> Array:
    """The result, C-contiguous, in `out` if there is one."""
    if out is None:
        return np.asarray(result, order="C")
    output(name, out, result.shape, result.dtype)[...] = result
    return out


def _put_all(name: str, results: Results, out: Results | None) -> Results:
    pairs = zip(results, out or (None,) * len(results), strict=True)
    return cast(Results, tuple(_put(name, *pair) for pair in pairs))


def _settings(name: str, p: Array, numbers: Settings, settings: Array | None) -> Settings:
    if settings is None:
        return numbers
    check_settings(name, p, settings, numbers)
    return tuple(settings.tolist())


def _gradient(g: Gradients, p: Array) -> Array:
    return g if isinstance(g, np.ndarray) else np.concatenate([a.reshape(-1) for a in g]).reshape(p.shape)


def _pad(x: Array, padding: Pair) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))


def _grouped(x: Array, groups: int) -> Array:
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h * w)


def _per_channel(a: Array, ndim: int) -> Array:
    return a.reshape(-1, *(1,) * (ndim - 2))


def _windows(
    kernel: Pair, size: Sequence[int], stride: Pair, dilation: Pair
) -> Iterator[tuple[int, int, Any]]:
    """For each kernel element (i, j): the index of what it meets in the padded image at `size` places."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dilation[0], i * dilation[0] + size[0] * stride[0], stride[0])
            cols = slice(j * dilation[1], j * dilation[1] + size[1] * stride[1], stride[1])
            yield i, j, (slice(None), slice(None), rows, cols)
