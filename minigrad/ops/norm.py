"""Batch normalisation (Ioffe and Szegedy 2015, algorithm 1): its core, the whole, and their gradients.

``moments`` are the count, the mean and the sum of squared deviations of parts of each channel of x, which
``conv2d_moments`` computes with x. They save the forward ops a pass over x. They describe x and are no input:
the derivative with respect to x is the same with and without them.

An op has ``saved`` statistics of x, or sums that its kernel computes anyway. Its rule hands them to other ops
as ``known``, so that they are not computed again.

With a ``communicator`` x is the rank's share of a batch, and the statistics are those of the batch: the
moments of all ranks are gathered, and the sums over a channel are taken over all ranks. The shares are equal.
Each rank's gradient is then that of the sum of all ranks' losses, to any order.
"""

from __future__ import annotations

from typing import Any

from minigrad.arguments import kernel_out
from minigrad.devices import device_of, xp_of
from minigrad.dispatch import kernels_of
from minigrad.distributed.communicator import Communicator
from minigrad.op import op
from minigrad.ops.activation import IDENTITY, leaky_gate, leaky_relu
from minigrad.ops.elementwise import sqrt
from minigrad.ops.ranks import all_reduce
from minigrad.ops.reduce import mean, sum
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
    communicator: Communicator | None = None,
    out: tuple[Array, tuple[Array, Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """(x - mean) / sqrt(var + eps) for each channel of x (n, c, ...), over all axes but the second.

    ``var`` is divided by the count (the biased variance). The result's ``saved`` is (mean, var, inv_std),
    each (c,). ``moments`` (3, pieces, c) are those of x, where a convolution has computed them. With a
    ``communicator`` mean and var are those of all its ranks' x, which have one shape. Raises ValueError
    unless x has two axes or more and an element and, on the CPU, unless all ranks' x have as many; TypeError
    unless it holds floats.

    >>> import minigrad as mg
    >>> x = mg.tensor([[0.0, 5.0], [2.0, 9.0]])  # 2 samples of 2 channels
    >>> mg.ops.standardize(x, eps=0.0).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    _check(x)
    kernels = kernels_of(x)
    if communicator is not None:
        moments = _of_all(communicator, kernels.channel_moments(x) if moments is None else moments)
    y, *saved = kernels.standardize(x, eps, moments=moments, out=kernel_out(out))
    return y, tuple(saved)


def _standardize_x(
    g: Tensor, y: Tensor, x: Tensor, *, eps: float, moments: Array | None, communicator: Communicator | None
) -> Tensor:
    return standardize_grad(g, x, eps=eps, communicator=communicator, known=y.saved)


standardize.vjp(x=_standardize_x)


@op
def standardize_grad(
    g: Array,
    x: Array,
    *,
    eps: float,
    communicator: Communicator | None = None,
    known: Any = None,
    out: Array | None = None,
) -> Array:
    """The gradient of standardize: s (g - mean(g) - xhat mean(g xhat)), xhat = standardize(x), s = 1 / std.

    ``known`` is the (mean, var, inv_std) that standardize(x) has saved; without it they are computed from x.
    """
    _check(x)
    if g.shape != x.shape:
        raise ValueError("g and x must have the same shape")
    kernels = kernels_of(x)
    mean, _, inv_std = _statistics(x, eps, communicator, known)
    if communicator is None:
        return kernels.standardize_grad(g, x, mean, inv_std, out=out)
    xp, c = xp_of(x), x.shape[1]
    one, zero = xp.ones(c, x.dtype), xp.zeros(c, x.dtype)
    layer = g, x, one, zero, mean, inv_std
    means = _means(communicator, x, kernels.batch_norm_sums(*layer, IDENTITY))
    return kernels.batch_norm_from_means(*layer, means, IDENTITY, out=out)


def _standardize_grad_g(u: Tensor, y: Tensor, g: Tensor, x: Tensor, **settings: Any) -> Tensor:
    return standardize_grad(u, x, **settings)


def _standardize_grad_x(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, eps: float, communicator: Communicator | None, known: Any
) -> Tensor:
    """The derivative of <u, standardize_grad(g, x)> with respect to x.

    With m the mean over a channel, a = m(u xhat), b = m(g xhat) and N the count per channel,
    <u, y> = N s (m(u g) - m(u) m(g) - a b). Two paths lead to x: through s, ds/dx = -s^2 xhat / N, and
    through xhat.
    """
    xhat = standardize(x, eps=eps, communicator=communicator)
    s = inverse_std(x, eps=eps, communicator=communicator)
    a, b = _mean(u * xhat, communicator), _mean(g * xhat, communicator)
    covariance = _mean(u * g, communicator) - _mean(u, communicator) * _mean(g, communicator) - a * b
    through_s = -(s * s * covariance * xhat)
    v = -(s * (u * b + g * a))
    through_xhat = standardize_grad(v, x, eps=eps, communicator=communicator, known=known)
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
    communicator: Communicator | None = None,
    out: tuple[Array, tuple[Array, Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """leaky_relu(standardize(x) weight + bias) for each channel of x (n, c, ...), weight and bias (c,).

    ``slope`` is the factor of what is below 0: 0 is relu; with 1, the default, there is no activation.
    ``moments``, ``communicator``, the result's ``saved``, (mean, var, inv_std), and what raises are as in
    standardize.

    >>> import minigrad as mg
    >>> x, weight, bias = mg.tensor([[0.0], [2.0]]), mg.tensor([3.0]), mg.tensor([1.0])
    >>> mg.ops.batch_norm(x, weight, bias, eps=0.0).tolist()  # 3 * [-1, 1] + 1
    [[-2.0], [4.0]]
    >>> mg.ops.batch_norm(x, weight, bias, eps=0.0, slope=0.25).tolist()
    [[-0.5], [4.0]]
    """
    _check(x)
    kernels = kernels_of(x)
    if communicator is not None:
        moments = _of_all(communicator, kernels.channel_moments(x) if moments is None else moments)
    y, *saved = kernels.batch_norm(x, weight, bias, eps, slope, moments=moments, out=kernel_out(out))
    return y, tuple(saved)


def _batch_norm_rule(
    g: Tensor,
    y: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    moments: Array | None,
    **settings: Any,
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
    communicator: Communicator | None = None,
    known: Any = None,
    out: tuple[Array, tuple[Array, Array]] | None = None,
) -> tuple[Array, tuple[Array, Array]]:
    """The gradient of batch_norm with respect to x: standardize_grad(weight h, x), h = g behind the gate.

    h is g where standardize(x) weight + bias is above 0, else slope g.
    ``known`` is the (mean, var, inv_std) that batch_norm has saved; without it they are computed from x. The
    result's own ``saved`` is (gw, gb), the gradients with respect to weight and bias (c,): sums that the
    kernel needs anyway. They are over the rank's own elements: each rank has weights of its own.
    """
    _check(x)
    kernels = kernels_of(x)
    mean, _, inv_std = _statistics(x, eps, communicator, known)
    layer = g, x, weight, bias, mean, inv_std
    if communicator is None:
        gx, gw, gb = kernels.batch_norm_grad(*layer, slope, out=kernel_out(out))
        return gx, (gw, gb)
    sums = kernels.batch_norm_sums(*layer, slope)
    gb, gw = (own.astype(x.dtype) for own in (sums[0], sums[1]))
    means = _means(communicator, x, sums)
    gx = kernels.batch_norm_from_means(*layer, means, slope, out=None if out is None else out[0])
    if out is not None:
        out[1][0][...], out[1][1][...] = gw, gb
    return gx, (gw, gb)


@op
def batch_norm_grad_weight(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    *,
    eps: float,
    slope: float = IDENTITY,
    communicator: Communicator | None = None,
    known: Any = None,
) -> Array:
    """The gradient of batch_norm with respect to weight: sum(h xhat), (c,), of batch_norm_grad's h.

    ``known`` is what batch_norm_grad has saved; without it the gradient is computed.
    """
    if known is None:
        settings = {"eps": eps, "slope": slope, "communicator": communicator}
        _, known = batch_norm_grad.forward(g, x, weight, bias, **settings)
    gw: Array = known[0]
    return gw


@op
def batch_norm_grad_bias(
    g: Array,
    x: Array,
    weight: Array,
    bias: Array,
    *,
    eps: float,
    slope: float = IDENTITY,
    communicator: Communicator | None = None,
    known: Any = None,
) -> Array:
    """The gradient of batch_norm with respect to bias: sum(h), (c,), of batch_norm_grad's h.

    ``known`` is what batch_norm_grad has saved; without it the gradient is computed.
    """
    if known is None:
        settings = {"eps": eps, "slope": slope, "communicator": communicator}
        _, known = batch_norm_grad.forward(g, x, weight, bias, **settings)
    gb: Array = known[1]
    return gb


def _batch_norm_grad_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, *, slope: float, **settings: Any
) -> tuple[Tensor | None, ...]:
    """Of standardize_grad(weight h, x), which is linear in h and its own adjoint there."""
    before, scale = _before(x, weight, bias, settings), _per_channel(weight, x)
    h = leaky_gate(g, before, slope=slope)
    v = standardize_grad(u, x, **settings)
    gx = _standardize_grad_x(u, y, h * scale, x, **settings)
    return leaky_gate(v * scale, before, slope=slope), gx, sum(v * h, axis=_axes(x)), None


def _batch_norm_grad_weight_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, *, slope: float, **settings: Any
) -> tuple[Tensor | None, ...]:
    before, along = _before(x, weight, bias, settings), _per_channel(u, x)
    eps, communicator = settings["eps"], settings["communicator"]
    xhat = standardize(x, eps=eps, communicator=communicator)
    gg = leaky_gate(along * xhat, before, slope=slope)
    h = leaky_gate(g, before, slope=slope)
    gx = standardize_grad(along * h, x, eps=eps, communicator=communicator)
    return gg, gx, None, None


def _batch_norm_grad_bias_rule(
    u: Tensor, y: Tensor, g: Tensor, x: Tensor, weight: Tensor, bias: Tensor, *, slope: float, **settings: Any
) -> tuple[Tensor | None, ...]:
    before, along = _before(x, weight, bias, settings), _per_channel(u, x)
    return leaky_gate(broadcast_to(along, shape=x.shape), before, slope=slope), None, None, None


def _before(x: Tensor, weight: Tensor, bias: Tensor, settings: dict[str, Any]) -> Tensor:
    """What the leaky ReLU of a batch norm gets."""
    return batch_norm(x, weight, bias, eps=settings["eps"], communicator=settings["communicator"])


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
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    eps: float,
    slope: float = IDENTITY,
    communicator: Communicator | None = None,
) -> Tensor:
    """batch_norm written in other ops: the definition to read and the oracle of the kernel."""
    xhat = standardize_composed(x, eps=eps, communicator=communicator)
    return leaky_relu(xhat * _per_channel(weight, x) + _per_channel(bias, x), slope=slope)


def standardize_composed(x: Tensor, *, eps: float, communicator: Communicator | None = None) -> Tensor:
    """standardize written in primitive ops: the definition to read and the oracle of the kernel."""
    return (x - _mean(x, communicator)) * inverse_std(x, eps=eps, communicator=communicator)


def inverse_std(x: Tensor, *, eps: float, communicator: Communicator | None = None) -> Tensor:
    """1 / sqrt(var(x) + eps) for each channel of x (n, c, ...), with the reduced axes kept."""
    apart = x - _mean(x, communicator)
    return 1.0 / sqrt(_mean(apart * apart, communicator) + eps)


def _per_channel(a: Tensor, x: Tensor) -> Tensor:
    return reshape(a, shape=(-1, *(1,) * (x.ndim - 2)))


def _mean(x: Tensor, communicator: Communicator | None) -> Tensor:
    """The mean of each channel, over all ranks of a communicator, with the reduced axes kept."""
    own = mean(x, axis=_axes(x), keepdims=True)
    return own if communicator is None else all_reduce(own, communicator=communicator) / communicator.size


def _axes(x: Tensor) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _check(x: Array) -> None:
    if x.ndim < 2:
        raise ValueError("x must be (n, c, ...)")
    if x.dtype.kind != "f":
        raise TypeError("batch normalisation needs float32 or float64; convert with .astype(numpy.float32)")
    if x.size == 0:
        raise ValueError("batch normalisation of no elements is undefined; give at least one sample")


def _of_all(communicator: Communicator, moments: Array) -> Array:
    """The moments (3, ranks * pieces, c) of all ranks, of moments (3, pieces, c)."""
    every = communicator.all_gather(moments)
    if device_of(every) == "cpu":  # a GPU would have to be waited for
        counts = every[:, 0, :, :1].sum(axis=(1, 2))
        if (counts != counts[0]).any():
            raise ValueError(
                f"the ranks have {counts.astype(int).tolist()} elements of each channel; give each rank a "
                "share of one size, as a batch that their number divides"
            )
    return every.swapaxes(0, 1).reshape(3, -1, moments.shape[2])


def _statistics(x: Array, eps: float, communicator: Communicator | None, known: Any) -> Any:
    """(mean, var, inv_std): ``known``, or else computed from x."""
    if known is not None:
        return known
    return standardize.forward(x, eps=eps, communicator=communicator)[1]


def _means(communicator: Communicator, x: Array, sums: Array) -> Array:
    """The means over all ranks' elements of a channel, of sums (..., c) over those of x."""
    communicator.all_reduce(sums)
    return sums / (communicator.size * (x.size // x.shape[1]))
