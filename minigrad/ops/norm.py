"""Batch normalisation (Ioffe and Szegedy 2015, algorithm 1): its core, the whole, and their gradients.

``moments`` are the count, the mean and the sum of squared deviations of parts of each channel of x, which
``conv2d_moments`` computes with x. They save the forward ops a pass over x. They describe x and are no input:
the derivative with respect to x is the same with and without them.

An op has ``saved`` statistics of x, or sums that its kernel computes anyway. Its rule hands them to other ops
as ``known``, so that they are not computed again.
"""

from __future__ import annotations

from typing import Any

from minigrad.arguments import kernel_out
from minigrad.dispatch import kernels_of
from minigrad.op import op
from minigrad.ops.activation import IDENTITY, leaky_gate, leaky_relu
from minigrad.ops.elementwise import sqrt
from minigrad.ops.reduce import mean, sum, var
from minigrad.ops.shape import broadcast_to, reshape
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["batch_norm", "standardize"]
INTERNAL = [
    "batch_norm_composed", "batch_norm_grad", "batch_norm_grad_bias", "batch_norm_grad_weight",
    "standardize_composed", "standardize_grad",
]  # fmt: skip


@op
def standardize(
    x: Array,
    *,
    eps: float,
    moments: Array | None = None,
    out: tuple[Array, tuple[Array, Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """(x - mean) / sqrt(var + eps) for each channel of x (n, c, ...), over all axes but the second.

    ``var`` is divided by the count (the biased variance). The result's ``saved`` is (mean, var, inv_std),
    each (c,). ``moments`` (3, pieces, c) are those of x, where a convolution has computed them. Raises
    ValueError unless x has two axes or more and an element, TypeError unless it holds floats.

    >>> import minigrad as mg
    >>> x = mg.tensor([[0.0, 5.0], [2.0, 9.0]])  # 2 samples of 2 channels
    >>> mg.ops.standardize(x, eps=0.0).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    _check(x)
    y, *saved = kernels_of(x).standardize(x, eps, moments=moments, out=kernel_out(out))
    return y, tuple(saved)


def _standardize_x(g: Tensor, y: Tensor, x: Tensor, *, eps: float, moments: Array | None) -> Tensor:
    return standardize_grad(g, x, eps=eps, known=y.saved)


standardize.vjp(x=_standardize_x)


@op
def standardize_grad(g: Array, x: Array, *, eps: float, known: Any = None, out: Array | None = None) -> Array:
    """The gradient of standardize: s (g - mean(g) - xhat mean(g xhat)), xhat = standardize(x), s = 1 / std.

    ``known`` is the (mean, var, inv_std) that standardize(x) has saved; without it they are computed from x.
    """
    _check(x)
    if g.shape != x.shape:
        raise ValueError("g and x must have the same shape")
    kernels = kernels_of(x)
    mean, _, inv_std = known if known is not None else kernels.standardize(x, eps)[1:]
    return kernels.standardize_grad(g, x, mean, inv_std, out=out)


def _standardize_grad_g(u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, eps: float, known: Any) -> Tensor:
    return standardize_grad(u, x, eps=eps, known=known)


def _standardize_grad_x(u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, eps: float, known: Any) -> Tensor:
    """The derivative of <u, standardize_grad(g, x)> with respect to x.

    With m the mean over a channel, a = m(u xhat), b = m(g xhat) and N the count per channel,
    <u, y> = N s (m(u g) - m(u) m(g) - a b). Two paths lead to x: through s, ds/dx = -s^2 xhat / N, and
    through xhat.
    """
    axes = _axes(x)
    xhat = standardize(x, eps=eps)
    s = inverse_std(x, eps=eps)
    a, b = _mean(u * xhat, axes), _mean(g * xhat, axes)
    covariance = _mean(u * g, axes) - _mean(u, axes) * _mean(g, axes) - a * b
    through_s = -(s * s * covariance * xhat)
    through_xhat = standardize_grad(-(s * (u * b + g * a)), x, eps=eps, known=known)
    return through_s + through_xhat


standardize_grad.vjp(g=_standardize_grad_g, x=_standardize_grad_x)


@op
def batch_norm(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    eps: float,
    slope: float = IDENTITY,
    moments: Array | None = None,
    out: tuple[Array, tuple[Array, Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """leaky_relu(standardize(x) weight + bias) for each channel of x (n, c, ...), weight and bias (c,).

    ``slope`` is the factor of what is below 0: 0 is relu; with 1, the default, there is no activation.
    ``moments``, the result's ``saved``, (mean, var, inv_std), and what raises are as in standardize.

    >>> import minigrad as mg
    >>> x, weight, bias = mg.tensor([[0.0], [2.0]]), mg.tensor([3.0]), mg.tensor([1.0])
    >>> mg.ops.batch_norm(x, weight, bias, eps=0.0).tolist()  # 3 * [-1, 1] + 1
    [[-2.0], [4.0]]
    >>> mg.ops.batch_norm(x, weight, bias, eps=0.0, slope=0.25).tolist()
    [[-0.5], [4.0]]
    """
    _check(x)
    y, *saved = kernels_of(x).batch_norm(x, weight, bias, eps, slope, moments=moments, out=kernel_out(out))
    return y, tuple(saved)


def _batch_norm_rule(
    g: Tensor,
    y: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    moments: Array | None,
    **settings: float,
) -> tuple[Tensor, Tensor, Tensor]:
    gx = batch_norm_grad(g, x, weight, bias, **settings, known=y.saved)
    gw = batch_norm_grad_weight(g, x, weight, bias, **settings, known=gx.saved)
    gb = batch_norm_grad_bias(g, x, weight, bias, **settings, known=gx.saved)
    return gx, gw, gb


batch_norm.vjp_jointly(_batch_norm_rule)


@op
def batch_norm_grad(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    *,
    eps: float,
    slope: float = IDENTITY,
    known: Any = None,
    out: tuple[Array, tuple[Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array]]:
    """The gradient of batch_norm with respect to x: standardize_grad(weight h, x), h = g behind the gate.

    h is g where standardize(x) weight + bias is above 0, else slope g.
    ``known`` is the (mean, var, inv_std) that batch_norm has saved; without it they are computed from x. The
    result's own ``saved`` is (gw, gb), the gradients with respect to weight and bias (c,): sums that the
    kernel needs anyway.
    """
    _check(x)
    kernels = kernels_of(x)
    mean, _, inv_std = known if known is not None else kernels.standardize(x, eps)[1:]
    gx, gw, gb = kernels.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope, out=kernel_out(out))
    return gx, (gw, gb)


@op
def batch_norm_grad_weight(
    g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float = IDENTITY, known: Any = None
) -> Array:
    """The gradient of batch_norm with respect to weight: sum(h xhat), (c,), of batch_norm_grad's h.

    ``known`` is what batch_norm_grad has saved; without it the gradient is computed.
    """
    if known is None:
        _, known = batch_norm_grad.forward(g, x, weight, bias, eps=eps, slope=slope)
    gw: Array = known[0]
    return gw


@op
def batch_norm_grad_bias(
    g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float = IDENTITY, known: Any = None
) -> Array:
    """The gradient of batch_norm with respect to bias: sum(h), (c,), of batch_norm_grad's h.

    ``known`` is what batch_norm_grad has saved; without it the gradient is computed.
    """
    if known is None:
        _, known = batch_norm_grad.forward(g, x, weight, bias, eps=eps, slope=slope)
    gb: Array = known[1]
    return gb


def _batch_norm_grad_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, **settings: Any
) -> tuple[Tensor | None, ...]:
    """Of standardize_grad(weight h, x), which is linear in h and its own adjoint there."""
    eps, slope, known = settings["eps"], settings["slope"], settings["known"]
    before, scale = batch_norm(x, weight, bias, eps=eps), _per_channel(weight, x)
    h = leaky_gate(g, before, slope=slope)
    v = standardize_grad(u, x, eps=eps, known=known)
    gx = _standardize_grad_x(u, y, h * scale, x, eps=eps, known=known)
    return leaky_gate(v * scale, before, slope=slope), gx, sum(v * h, axis=_axes(x)), None


def _batch_norm_grad_weight_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, **settings: Any
) -> tuple[Tensor | None, ...]:
    eps, slope = settings["eps"], settings["slope"]
    before, along = batch_norm(x, weight, bias, eps=eps), _per_channel(u, x)
    gg = leaky_gate(along * standardize(x, eps=eps), before, slope=slope)
    gx = standardize_grad(along * leaky_gate(g, before, slope=slope), x, eps=eps)
    return gg, gx, None, None


def _batch_norm_grad_bias_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, **settings: Any
) -> tuple[Tensor | None, ...]:
    eps, slope = settings["eps"], settings["slope"]
    before, along = batch_norm(x, weight, bias, eps=eps), _per_channel(u, x)
    return leaky_gate(broadcast_to(along, shape=x.shape), before, slope=slope), None, None, None


batch_norm_grad.vjp_jointly(_batch_norm_grad_rule)
batch_norm_grad_weight.vjp_jointly(_batch_norm_grad_weight_rule)
batch_norm_grad_bias.vjp_jointly(_batch_norm_grad_bias_rule)


def saved_statistics(y: Tensor) -> tuple[Array, Array]:
    """The batch's mean and biased variance (c,), which batch_norm or standardize has saved with y."""
    assert y.saved is not None
    return y.saved[0], y.saved[1]


def update_running_stats(
    running_mean: Array,
    running_var: Array,
    tracked: Array,
    mean: Array,
    var: Array,
    *,
    momentum: float | None,
    count: int,
) -> None:
    """Move running statistics (c,) towards a batch's, in place: running += momentum (batch - running).

    No op: ``mean`` and ``var`` are ``saved_statistics`` of batch_norm or standardize, of ``count`` elements
    each, and the running variance follows the unbiased one. ``tracked`` counts the batches, and with
    ``momentum`` None all have the same weight. (Ioffe and Szegedy 2015, algorithm 2.)
    """
    kernels = kernels_of(running_mean)
    kernels.update_running_stats(running_mean, running_var, tracked, mean, var, momentum, count)


def batch_norm_composed(
    x: Tensor, weight: Tensor, bias: Tensor, *, eps: float, slope: float = IDENTITY
) -> Tensor:
    """batch_norm written in other ops: the definition to read and the oracle of the kernel."""
    xhat = standardize_composed(x, eps=eps)
    return leaky_relu(xhat * _per_channel(weight, x) + _per_channel(bias, x), slope=slope)


def standardize_composed(x: Tensor, *, eps: float) -> Tensor:
    """standardize written in primitive ops: the definition to read and the oracle of the kernel."""
    axes = _axes(x)
    return (x - _mean(x, axes)) * inverse_std(x, eps=eps)


def inverse_std(x: Tensor, *, eps: float) -> Tensor:
    """1 / sqrt(var(x) + eps) for each channel of x (n, c, ...), with the reduced axes kept."""
    return 1.0 / sqrt(var(x, axis=_axes(x), keepdims=True) + eps)


def _per_channel(a: Tensor, x: Tensor) -> Tensor:
    return reshape(a, shape=(-1, *(1,) * (x.ndim - 2)))


def _mean(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return mean(x, axis=axes, keepdims=True)


def _axes(x: Tensor) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _check(x: Array) -> None:
    if x.ndim < 2:
        raise ValueError("x must be (n, c, ...)")
    if x.dtype.kind != "f":
        raise TypeError("batch normalisation needs float32 or float64; convert with .astype(numpy.float32)")
    if x.size == 0:
        raise ValueError("batch normalisation of no elements is undefined; give at least one sample")
