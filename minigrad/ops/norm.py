"""Batch normalisation's core (Ioffe and Szegedy 2015, algorithm 1) and its gradient."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, kernels_of
from minigrad.op import op
from minigrad.ops.elementwise import add, div, mul, neg, sqrt, sub
from minigrad.ops.reduce import mean, var
from minigrad.tensor import Tensor


@op
def standardize(x: Array, *, eps: float) -> tuple[Array, tuple[Array, Array, Array]]:
    """(x - mean) / sqrt(var + eps) for each channel of x (n, c, ...), over all axes but the second.

    The variance is the biased one. The residual is (mean, var, inv_std), each of shape (c,).
    """
    _check(x)
    y, *residual = kernels_of(x).standardize(x, eps)
    return y, tuple(residual)


def _standardize_x(g: Tensor, y: Tensor, x: Tensor, *, eps: float) -> Tensor:
    return standardize_grad(g, x, eps=eps, residual=y.residual)


standardize.vjp(x=_standardize_x)


@op
def standardize_grad(g: Array, x: Array, *, eps: float, residual: Any = None) -> Array:
    """The gradient of standardize: s (g - mean(g) - xhat mean(g xhat)), xhat = standardize(x), s = 1 / std.

    ``residual`` is standardize's own (mean, var, inv_std) of x where it is at hand; it is computed from x
    otherwise.
    """
    _check(x)
    if g.shape != x.shape:
        raise ValueError("g and x must have the same shape")
    kernels = kernels_of(x)
    mean, _, inv_std = residual if residual is not None else kernels.standardize(x, eps)[1:]
    return kernels.standardize_grad(g, x, mean, inv_std)


def _standardize_grad_g(u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, eps: float, residual: Any) -> Tensor:
    return standardize_grad(u, x, eps=eps, residual=residual)


def _standardize_grad_x(u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, eps: float, residual: Any) -> Tensor:
    """The derivative of <u, standardize_grad(g, x)> with respect to x.

    With m the mean over a channel, a = m(u xhat), b = m(g xhat) and N the count per channel,
    <u, y> = N s (m(u g) - m(u) m(g) - a b). Two paths lead to x: through s, ds/dx = -s^2 xhat / N, and
    through xhat.
    """
    axes = _axes(x)
    xhat = standardize(x, eps=eps)
    s = inverse_std(x, eps=eps)
    a, b = _mean(mul(u, xhat), axes), _mean(mul(g, xhat), axes)
    covariance = sub(sub(_mean(mul(u, g), axes), mul(_mean(u, axes), _mean(g, axes))), mul(a, b))
    through_s = neg(mul(mul(mul(s, s), covariance), xhat))
    through_xhat = standardize_grad(neg(mul(s, add(mul(u, b), mul(g, a)))), x, eps=eps, residual=residual)
    return add(through_s, through_xhat)


standardize_grad.vjp(g=_standardize_grad_g, x=_standardize_grad_x)


def standardize_composed(x: Tensor, *, eps: float) -> Tensor:
    """standardize written in primitive ops: the definition to read and the oracle of the kernel."""
    axes = _axes(x)
    return mul(sub(x, _mean(x, axes)), inverse_std(x, eps=eps))


def inverse_std(x: Tensor, *, eps: float) -> Tensor:
    """1 / sqrt(var(x) + eps) for each channel of x (n, c, ...), with the reduced axes kept."""
    return div(1.0, sqrt(add(var(x, axis=_axes(x), keepdims=True), eps)))


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
