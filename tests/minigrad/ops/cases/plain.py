"""What the functions of minigrad.ops mean, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import Tensor, ops
from tests.minigrad.ops.cases.values import Array


def as_index(index: Any) -> Any:
    return index.numpy() if isinstance(index, Tensor) else index


def scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    y = np.zeros(shape)
    np.add.at(y, as_index(index), x)
    return y


def sum_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    y = np.zeros(shape)
    origin = np.broadcast_to(np.arange(y.size).reshape(shape), x.shape)
    np.add.at(y.reshape(-1), origin.reshape(-1), x.reshape(-1))
    return y


def softmax(x: Array, *, axis: int) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis, keepdims=True))


def leaky_gate(g: Array, x: Array, *, slope: float) -> Array:
    return np.where(x > 0, g, slope * g)


def bias_leaky_relu(x: Array, b: Array, *, slope: float) -> Array:
    y = x + along_channels(b, x)
    return np.where(y > 0, y, slope * y)


def linear(x: Array, w: Array, b: Array, *, slope: float) -> Array:
    return bias_leaky_relu(x @ w.T, b, slope=slope)


def standardize(x: Array, *, eps: float) -> Array:
    axes = (0, *range(2, x.ndim))
    return np.asarray((x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps))


def standardize_grad(g: Array, x: Array, *, eps: float) -> Array:
    axes = (0, *range(2, x.ndim))
    xhat = standardize(x, eps=eps)
    inner = g - g.mean(axes, keepdims=True) - xhat * (g * xhat).mean(axes, keepdims=True)
    return np.asarray(inner / np.sqrt(x.var(axes, keepdims=True) + eps))


def along_channels(a: Array, x: Array) -> Array:
    return a.reshape(-1, *[1] * (x.ndim - 2))


def batch_norm(x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    y = standardize(x, eps=eps) * along_channels(weight, x) + along_channels(bias, x)
    return np.where(y > 0, y, slope * y)


def batch_norm_h(g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    return np.where(batch_norm(x, weight, bias, eps=eps, slope=1.0) > 0, g, slope * g)


def batch_norm_grad(g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    h = batch_norm_h(g, x, weight, bias, eps=eps, slope=slope)
    return standardize_grad(h * along_channels(weight, x), x, eps=eps)


def batch_norm_grad_weight(g: Array, x: Array, *channels: Array, eps: float, slope: float) -> Array:
    h = batch_norm_h(g, x, *channels, eps=eps, slope=slope)
    return np.asarray((h * standardize(x, eps=eps)).sum((0, *range(2, x.ndim))))


def batch_norm_grad_bias(g: Array, x: Array, *channels: Array, eps: float, slope: float) -> Array:
    return np.asarray(batch_norm_h(g, x, *channels, eps=eps, slope=slope).sum((0, *range(2, x.ndim))))


def _places(
    w: tuple[int, ...], y: tuple[int, ...], stride: Any, padding: Any, dilation: Any, groups: int
) -> tuple[Any, list[tuple[int, int, int, Any, Any, slice]]]:
    """The padding of numpy.pad, and for each place (i, j) and group what the kernel meets there."""
    (s0, s1), (p0, p1), (d0, d1) = (
        v if isinstance(v, tuple) else (v, v) for v in (stride, padding, dilation)
    )
    o, c, kh, kw = w
    found = []
    for i, j, group in np.ndindex(y[2], y[3], groups):
        inputs, outputs = (
            slice(group * c, (group + 1) * c),
            slice(group * (o // groups), (group + 1) * (o // groups)),
        )
        rows = slice(i * s0, i * s0 + d0 * (kh - 1) + 1, d0)
        columns = slice(j * s1, j * s1 + d1 * (kw - 1) + 1, d1)
        window = (slice(None), inputs, rows, columns)
        found.append((i, j, group, window, outputs, inputs))
    return ((0, 0), (0, 0), (p0, p0), (p1, p1)), found


def conv2d(x: Array, w: Array, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    sizes = []
    for axis in range(2):
        s, p, d = (v[axis] if isinstance(v, tuple) else v for v in (stride, padding, dilation))
        sizes.append((x.shape[2 + axis] + 2 * p - d * (w.shape[2 + axis] - 1) - 1) // s + 1)
    y = np.zeros((x.shape[0], w.shape[0], *sizes))
    width, places = _places(w.shape, y.shape, stride, padding, dilation, groups)
    image = np.pad(x, width)
    for i, j, _, window, outputs, _ in places:
        y[:, outputs, i, j] = np.tensordot(image[window], w[outputs], ((1, 2, 3), (1, 2, 3)))
    return y


def conv2d_bias_leaky_relu(x: Array, w: Array, b: Array, *, slope: float, **settings: Any) -> Array:
    return bias_leaky_relu(conv2d(x, w, **settings), b, slope=slope)


def conv_transpose2d(
    x: Array, w: Array, *, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: int
) -> Array:
    sizes = []
    for axis in range(2):
        settings = (stride, padding, output_padding, dilation)
        s, p, extra, d = (v[axis] if isinstance(v, tuple) else v for v in settings)
        sizes.append((x.shape[2 + axis] - 1) * s - 2 * p + d * (w.shape[2 + axis] - 1) + extra + 1)
    width, places = _places(w.shape, x.shape, stride, padding, dilation, groups)
    (top, _), (left, _) = width[2:]
    y = np.zeros((x.shape[0], w.shape[1] * groups, sizes[0] + 2 * top, sizes[1] + 2 * left))
    for i, j, _, window, outputs, _ in places:
        y[window] += np.tensordot(x[:, outputs, i, j], w[outputs], (1, 0))
    return y[:, :, top : top + sizes[0], left : left + sizes[1]]


def batch_norm_behind(convolution: Any) -> Callable[..., Any]:
    """The batch norm of a convolution; with an op that hands on its moments, these are used."""

    def both(x: Any, w: Any, weight: Any, bias: Any, *, settings: Any, norm: Any) -> Any:
        y = convolution(x, w, **settings)
        if isinstance(y, Tensor):
            assert y.saved is not None
            return ops.batch_norm(y, weight, bias, **norm, moments=y.saved[0])
        return batch_norm(y, weight, bias, **norm)

    return both


def standardize_behind(convolution: Any) -> Callable[..., Any]:
    """As batch_norm_behind, without weight and bias."""

    def both(x: Any, w: Any, *, eps: float, **settings: Any) -> Any:
        y = convolution(x, w, **settings)
        if isinstance(y, Tensor):
            assert y.saved is not None
            return ops.standardize(y, eps=eps, moments=y.saved[0])
        return standardize(y, eps=eps)

    return both


def conv2d_weight(
    x: Array, g: Array, *, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    gw = np.zeros((g.shape[1], x.shape[1] // groups, *kernel))
    width, places = _places(gw.shape, g.shape, stride, padding, dilation, groups)
    image = np.pad(x, width)
    for i, j, _, window, outputs, _ in places:
        gw[outputs] += np.tensordot(g[:, outputs, i, j], image[window], (0, 0))
    return gw


def bce(logits: Array, target: Array) -> Any:
    p = 1 / (1 + np.exp(-logits))
    return -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))


def mean_softplus(x: Array, *, sign: int) -> Any:
    return np.mean(np.log(1 + np.exp(sign * x)))


def mean_softplus_grad(g: Array, x: Array, *, sign: int) -> Array:
    return g * sign / (1 + np.exp(-sign * x)) / x.size


def cross_entropy(logits: Array, labels: Array) -> Any:
    return -np.mean(np.log(softmax(logits, axis=1))[np.arange(len(labels)), labels])


def nll_loss(log_p: Array, labels: Array) -> Any:
    return -np.mean(log_p[np.arange(len(labels)), labels])


def kl_div(log_q: Array, p: Array) -> Any:
    return np.mean(p * (np.log(p) - log_q))


def huber(x: Array, target: Array) -> Any:
    d = np.abs(x - target)
    return np.mean(np.where(d <= 1, d * d / 2, d - 0.5))


def logsumexp(x: Array, *, axis: Any, keepdims: bool) -> Any:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def norm_per_sample(x: Array) -> Any:
    return np.sqrt((x**2).reshape(len(x), -1).sum(1) + 1e-12)


def join(*tensors: Array, axis: int) -> Array:
    return np.concatenate(tensors, axis)
