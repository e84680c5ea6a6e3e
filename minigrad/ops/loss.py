"""Losses: on logits, never probabilities, so that they stay finite; and distances from a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dispatch import kernels_of
from minigrad.op import op
from minigrad.ops.activation import sigmoid, softplus
from minigrad.ops.elementwise import abs, clip, mul, neg, sqrt, square, sub
from minigrad.ops.reduce import mean, sum
from minigrad.ops.shape import broadcast_to
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "binary_cross_entropy_with_logits", "huber_loss", "l1_loss", "mean_softplus", "mse_loss",
    "norm_per_sample", "smooth_l1_loss",
]  # fmt: skip
INTERNAL = ["mean_softplus_composed", "mean_softplus_grad"]


@op(real=True)
def mean_softplus(x: Array, *, sign: int = 1, out: Array | None = None) -> Array:
    """mean(softplus(sign x)) of logits x of any shape, shape ().

    With D = sigmoid(x) it is the mean of -log(1 - D) for a ``sign`` of 1, of -log D for -1. It is finite for
    every finite logit, and so is its gradient. Raises ValueError for another sign or no logits.

    >>> import minigrad as mg
    >>> logits = mg.tensor([0.0, 1000.0])
    >>> f"{mg.ops.mean_softplus(logits, sign=-1):.4f}, {mg.ops.mean_softplus(logits):.4f}"
    '0.3466, 500.3466'
    """
    _check_logits(x, sign)
    return kernels_of(x).mean_softplus(x, sign, out=out)


mean_softplus.vjp(x=lambda g, y, x, *, sign: mean_softplus_grad(g, x, sign=sign))


@op(real=True)
def mean_softplus_grad(g: Array, x: Array, *, sign: int = 1, out: Array | None = None) -> Array:
    """The gradient of mean_softplus: g sign sigmoid(sign x) / N for x of N elements and g of shape ()."""
    _check_logits(x, sign)
    if g.shape != ():
        raise ValueError(f"g must have the shape () of mean_softplus, got {g.shape}")
    return kernels_of(x).mean_softplus_grad(g, x, sign, out=out)


def _mean_softplus_grad_x(u: Tensor, y: Tensor, g: Tensor, x: Tensor, *, sign: int) -> Tensor:
    p = sigmoid(x)  # sigmoid' = p (1 - p), for either sign
    return u * (p * (1.0 - p)) * (g * (1 / x.size))


mean_softplus_grad.vjp(
    g=lambda u, y, g, x, *, sign: sum(u * mean_softplus_grad(1.0, x, sign=sign)), x=_mean_softplus_grad_x
)


def mean_softplus_composed(x: Tensor, *, sign: int = 1) -> Tensor:
    """mean_softplus written in other ops: the definition to read and the oracle of the kernel."""
    return mean(softplus(mul(x, float(sign))))


def binary_cross_entropy_with_logits(
    logits: Tensor, target: Any, weight: Any = None, *, pos_weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """mean(target softplus(-logits) + (1 - target) softplus(logits)).

    ``target`` in [0, 1] is the probability of the class that large logits stand for: a number, or an array
    that broadcasts to the logits; ValueError for one that does not. ``pos_weight`` multiplies the first term,
    ``weight`` the sum; both broadcast to the logits. ``reduction`` is "mean", "sum" or "none".

    >>> import minigrad as mg
    >>> logits = mg.tensor([0.0, 1000.0])
    >>> f"{mg.ops.binary_cross_entropy_with_logits(logits, [1.0, 0.0]):.4f}"  # (log 2 + 1000) / 2
    '500.3466'
    """
    name = "binary_cross_entropy_with_logits"
    check_target(name, logits, target)
    rest = 1.0 - target if isinstance(target, int | float) else sub(1.0, target)
    positive = softplus(neg(logits)) * target
    if pos_weight is not None:
        check_target(name, logits, pos_weight, "pos_weight")
        positive = positive * pos_weight
    return reduced(name, positive + softplus(logits) * rest, reduction, weight)


def mse_loss(x: Tensor, target: Any, weight: Any = None, *, reduction: str = "mean") -> Tensor:
    """mean((x - target)^2); ``target`` is a number or an array that broadcasts to x, else ValueError.

    ``weight`` multiplies the terms, and the mean divides by its sum. ``reduction`` is "mean", "sum" or
    "none".

    >>> import minigrad as mg
    >>> mg.ops.mse_loss(mg.tensor([1.0, 4.0]), 2.0, [3.0, 1.0]).item()
    1.75
    """
    check_target("mse_loss", x, target)
    return _reduced_by_weight("mse_loss", square(sub(x, target)), reduction, weight)


def l1_loss(x: Tensor, target: Any, weight: Any = None, *, reduction: str = "mean") -> Tensor:
    """mean(|x - target|); ``target``, ``weight`` and ``reduction`` as in mse_loss.

    >>> import minigrad as mg
    >>> mg.ops.l1_loss(mg.tensor([1.0, 4.0]), 2.0).item()
    1.5
    """
    check_target("l1_loss", x, target)
    return _reduced_by_weight("l1_loss", abs(sub(x, target)), reduction, weight)


def huber_loss(x: Tensor, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """mean(d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)) of d = x - target. Huber (1964).

    ``target`` and ``reduction`` as in mse_loss. Raises ValueError unless ``delta`` is above 0.

    >>> import minigrad as mg
    >>> mg.ops.huber_loss(mg.tensor([0.5, 3.0]), 0.0, reduction="none").numpy().tolist()
    [0.125, 2.5]
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be above 0, got {delta}")
    check_target("huber_loss", x, target)
    return reduced("huber_loss", _huber(sub(x, target), delta), reduction)


def smooth_l1_loss(x: Tensor, target: Any, *, beta: float = 1.0, reduction: str = "mean") -> Tensor:
    """mean(d^2 / (2 beta) where |d| <= beta, else |d| - beta / 2) of d = x - target. Girshick (2015), eq. 3.

    It is huber_loss / beta, and l1_loss for a ``beta`` of 0. ``target`` and ``reduction`` as in mse_loss.
    Raises ValueError for a ``beta`` below 0.

    >>> import minigrad as mg
    >>> mg.ops.smooth_l1_loss(mg.tensor([0.5, 3.0]), 0.0, beta=2.0, reduction="none").numpy().tolist()
    [0.0625, 2.0]
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta must be at least 0, got {beta}")
    check_target("smooth_l1_loss", x, target)
    d = sub(x, target)
    return reduced("smooth_l1_loss", abs(d) if beta == 0 else _huber(d, beta) / float(beta), reduction)


def _huber(d: Tensor, delta: float) -> Tensor:
    """c (d - c / 2) of c = d limited to [-delta, delta], which is one formula for both parts."""
    c = clip(d, -delta, delta)
    return c * (d - c * 0.5)


def norm_per_sample(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The Euclidean norm of each whole sample of x (n, ...), shape (n,): sqrt(sum of squares + eps).

    ``eps`` keeps the derivative finite where a sample is zero.

    >>> import minigrad as mg
    >>> mg.ops.norm_per_sample(mg.tensor([[3.0, 4.0], [6.0, 8.0]])).tolist()
    [5.0, 10.0]
    """
    return sqrt(sum(square(x), axis=tuple(range(1, x.ndim))) + eps)


def _check_logits(x: Array, sign: int) -> None:
    if sign not in (1, -1):
        raise ValueError("sign must be 1 or -1")
    if x.size == 0:
        raise ValueError("the mean of no logits is undefined")


REDUCTIONS = ("mean", "sum", "none")


def reduced(
    name: str, losses: Tensor, reduction: str, weight: Any = None, more: tuple[str, ...] = ()
) -> Tensor:
    """The losses times ``weight``, reduced as ``reduction`` names; ValueError for an unknown name."""
    if weight is not None:
        check_target(name, losses, weight, "weight")
        losses = losses * weight
    if reduction == "mean":
        return mean(losses)
    if reduction not in REDUCTIONS:
        known = ", ".join(map(repr, (*REDUCTIONS, *more)))
        raise ValueError(f"{name}: reduction must be one of {known}, got {reduction!r}")
    return sum(losses) if reduction == "sum" else losses


def _reduced_by_weight(name: str, losses: Tensor, reduction: str, weight: Any) -> Tensor:
    """As ``reduced``, but the mean divides by the sum of the weights, as PyTorch's regression losses do."""
    if weight is None or reduction != "mean":
        return reduced(name, losses, reduction, weight)
    total = sum(reduced(name, losses, "none", weight))
    return total / sum(broadcast_to(weight, shape=losses.shape))


def check_target(loss: str, x: Tensor, target: Any, what: str = "target") -> None:
    """Refuse (n,) beside (n, 1), which would silently compare each with each."""
    shape = np.shape(target)
    if len(shape) > x.ndim or any(
        size not in (1, length) for size, length in zip(shape[::-1], x.shape[::-1], strict=False)
    ):
        raise ValueError(f"{loss}: {what} {shape} does not fit {x.shape}; reshape it to that shape")
