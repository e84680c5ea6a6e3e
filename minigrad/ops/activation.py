"""Activations and softmax."""

from __future__ import annotations

from typing import Any

from minigrad.arguments import kernel_out
from minigrad.arrays import as_array
from minigrad.devices import xp_of
from minigrad.dispatch import kernels_of
from minigrad.fusion import fusion
from minigrad.op import op
from minigrad.ops.elementwise import exp, mul
from minigrad.ops.reduce import sum
from minigrad.ops.shape import broadcast_to, reshape
from minigrad.ops.sums import summed
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["bias_leaky_relu", "leaky_relu", "log_softmax", "relu", "sigmoid", "softmax", "softplus", "tanh"]
INTERNAL = ["bias_leaky_relu_composed", "bias_leaky_relu_grad", "channel_sum", "leaky_gate"]

Saved = tuple[Array, ...] | None

IDENTITY = 1.0
"""The slope with which leaky_relu is the identity: no activation."""


@op(real=True)
def leaky_relu(x: Array, *, slope: float, out: Array | None = None) -> Array:
    """max(x, 0) + slope min(x, 0), elementwise (Maas et al. 2013).

    ``slope`` is the factor of what is below 0: 0 is relu, 1 is the identity.

    >>> import minigrad as mg
    >>> mg.ops.leaky_relu(mg.tensor([-2.0, 0.0, 3.0]), slope=0.25).tolist()
    [-0.5, 0.0, 3.0]
    """
    return kernels_of(x).leaky_relu(x, slope, out=out)


leaky_relu.vjp(x=lambda g, y, x, *, slope: leaky_gate(g, x, slope=slope))


@op(real=True)
def leaky_gate(g: Array, x: Array, *, slope: float, out: Array | None = None) -> Array:
    """g where x > 0, else slope g, for g and x of one shape: the gradient of leaky_relu.

    It is linear in g; its derivative with respect to x is 0. Raises ValueError where the shapes differ.
    """
    if g.shape != x.shape:
        raise ValueError("g and x must have the same shape")
    return kernels_of(x).leaky_gate(g, x, slope, out=out)


leaky_gate.vjp(g=lambda gg, y, g, x, *, slope: leaky_gate(gg, x, slope=slope), x=None)


@op
def bias_leaky_relu(x: Array, b: Array, *, slope: float, out: Array | None = None) -> Array:
    """leaky_relu(x + b): x (n, c, ...) and b (c,), one number for each channel, -> (n, c, ...).

    ``slope`` is the factor of what is below 0, at least 0; with 1 there is no activation. Raises ValueError
    for other shapes or a negative slope.

    >>> import minigrad as mg
    >>> x, b = mg.tensor([[-3.0, 1.0], [1.0, -3.0]]), mg.tensor([1.0, 2.0])  # (n, c), (c,)
    >>> mg.ops.bias_leaky_relu(x, b, slope=0.5).tolist()  # of [[-2, 3], [2, -1]]
    [[-1.0, 3.0], [2.0, -0.5]]
    """
    if x.ndim < 2 or b.shape != x.shape[1:2]:
        raise ValueError("x must be (n, c, ...) and b (c,)")
    if slope < 0:
        raise ValueError("slope must be at least 0, so that the output tells the sign of x + b")
    return kernels_of(x).bias_leaky_relu(x, b, slope, out=out)


def before_activation(g: Tensor, y: Tensor, *, slope: float) -> tuple[Tensor, Saved]:
    """The gradient with respect to z, where y = leaky_relu(z), and its sums over channels if saved."""
    if slope == IDENTITY:
        return g, None
    gz = bias_leaky_relu_grad(g, y, slope=slope)
    return gz, gz.saved


def _bias_leaky_relu_rule(
    g: Tensor, y: Tensor, x: Tensor, b: Tensor, *, slope: float
) -> tuple[Tensor, Tensor]:
    gx, sums = before_activation(g, y, slope=slope)
    return gx, channel_sum(gx, known=sums)


bias_leaky_relu.vjp_jointly(_bias_leaky_relu_rule)


@fusion(mul, bias_leaky_relu)
def scale_bias_leaky_relu(x: Array, s: Array, b: Array, *, slope: float, out: Array | None = None) -> Array:
    """leaky_relu(x * s + b) in one pass over x where s (1, c, 1, ...) is a scale of the channels."""
    if not scales_channels(s, x.shape, x, b):
        return bias_leaky_relu.forward(mul.forward(x, s), b, slope=slope, out=out)
    return kernels_of(x).scale_bias_leaky_relu(x, s.reshape(-1), b, slope, out=out)


def scales_channels(s: Array, shape: tuple[int, ...], *others: Array) -> bool:
    """Whether s has one number for each channel of images of this shape, and the dtype of the others."""
    of_one_dtype = all(a.dtype == s.dtype for a in others)
    return of_one_dtype and len(shape) > 1 and s.shape == (1, shape[1], *[1] * (len(shape) - 2))


@op
def bias_leaky_relu_grad(
    g: Array, y: Array, *, slope: float, out: tuple[Array, tuple[Array]] | None = None
) -> tuple[Array, tuple[Array]]:
    """The gradient of bias_leaky_relu with respect to x: g where its output y is above 0, else slope g.

    The result's ``saved`` is (gb,), the gradient with respect to b (c,): the sum over each channel, which the
    kernel takes in the same pass.
    """
    gx, gb = kernels_of(y).bias_leaky_relu_grad(g, y, slope, out=kernel_out(out))
    return gx, (gb,)


bias_leaky_relu_grad.vjp(g=lambda u, out, g, y, *, slope: leaky_gate(u, y, slope=slope), y=None)


@op
def channel_sum(x: Array, *, known: Any = None, out: Array | None = None) -> Array:
    """The sum over each channel of x (n, c, ...), shape (c,).

    ``known`` is (sum,) where another kernel has computed it already; it is returned, and x is not read.
    """
    if known is not None:
        total: Array = known[0]
        return total
    return summed(x, (0, *range(2, x.ndim)), out=out)


def _channel_sum_x(g: Tensor, y: Tensor, x: Tensor, *, known: Any) -> Tensor:
    return broadcast_to(reshape(g, shape=(-1, *(1,) * (x.ndim - 2))), shape=x.shape)


channel_sum.vjp(x=_channel_sum_x)


def bias_leaky_relu_composed(x: Tensor, b: Tensor, *, slope: float) -> Tensor:
    """bias_leaky_relu written in other ops: the definition to read and the oracle of the kernel."""
    return leaky_relu(x + reshape(b, shape=(-1, *(1,) * (x.ndim - 2))), slope=slope)


def relu(x: Tensor) -> Tensor:
    """max(x, 0), elementwise.

    >>> import minigrad as mg
    >>> mg.ops.relu(mg.tensor([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    return leaky_relu(x, slope=0.0)


@op(real=True)
def tanh(x: Array, *, out: Array | None = None) -> Array:
    """The hyperbolic tangent of x.

    >>> import minigrad as mg
    >>> mg.ops.tanh(mg.tensor([-100.0, 0.0, 100.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return kernels_of(x).tanh(x, out=out)


tanh.vjp(x=lambda g, y, x: g * (1.0 - y * y))


@op(real=True)
def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without overflow for any x.

    >>> import minigrad as mg
    >>> mg.ops.sigmoid(mg.tensor([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    xp = xp_of(x)
    small = xp.exp(-xp.abs(x))  # in (0, 1]
    return xp.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(small.dtype, copy=False)


sigmoid.vjp(x=lambda g, y, x: g * (y * (1.0 - y)))


@op(real=True)
def softplus(x: Array) -> Array:
    """log(1 + e^x), without overflow for any x.

    >>> import minigrad as mg
    >>> [f"{y:.4f}" for y in mg.ops.softplus(mg.tensor([-1000.0, 0.0, 1000.0]))]
    ['0.0000', '0.6931', '1000.0000']
    """
    xp = xp_of(x)
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


softplus.vjp(x=lambda g, y, x: g * sigmoid(x))


@op(real=True)
def softmax(x: Array, *, axis: int = -1) -> Array:
    """e^x / sum(e^x) over ``axis``.

    >>> import minigrad as mg
    >>> mg.ops.softmax(mg.tensor([[0.0, 0.0], [1000.0, 0.0]])).tolist()  # each row sums to 1
    [[0.5, 0.5], [1.0, 0.0]]
    """
    if x.size == 0:  # no maxima
        return x.copy()
    e = as_array(xp_of(x).exp(x - x.max(axis, keepdims=True)))
    return e / summed(e, axis, True)


def _softmax_x(g: Tensor, y: Tensor, x: Tensor, *, axis: int) -> Tensor:
    return y * (g - sum(g * y, axis=axis, keepdims=True))


softmax.vjp(x=_softmax_x)


@op(real=True)
def log_softmax(x: Array, *, axis: int = -1) -> Array:
    """x - log(sum(e^x)) over ``axis``.

    >>> import minigrad as mg
    >>> mg.ops.log_softmax(mg.tensor([1000.0, 0.0])).tolist()  # log(softmax(x)) would be -inf
    [0.0, -1000.0]
    """
    xp = xp_of(x)
    if x.size == 0:
        return x.copy()
    shifted = x - x.max(axis, keepdims=True)
    return shifted - xp.log(summed(as_array(xp.exp(shifted)), axis, True))


def _log_softmax_x(g: Tensor, y: Tensor, x: Tensor, *, axis: int) -> Tensor:
    return g - exp(y) * sum(g, axis=axis, keepdims=True)


log_softmax.vjp(x=_log_softmax_x)
