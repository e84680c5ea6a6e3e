"""Losses, each the mean over all elements; on logits, never probabilities, so that they stay finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import Array, is_array, kernels_of, xp_of
from minigrad.op import op
from minigrad.ops.activation import log_softmax, sigmoid, softplus
from minigrad.ops.elementwise import abs, add, mul, neg, sqrt, square, sub
from minigrad.ops.reduce import mean, sum
from minigrad.ops.shape import getitem
from minigrad.tensor import Tensor, describe, tensor
from minigrad.tracing import check


@op(real=True)
def mean_softplus(x: Array, *, sign: int = 1, out: Array | None = None) -> Array:
    """mean(softplus(sign x)) for a ``sign`` of 1 or -1: of logits x, the mean of -log(1 - D) or of -log D.

    Finite for every finite logit, as its gradient is.
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
    return mul(mul(u, mul(p, sub(1.0, p))), mul(g, 1 / x.size))


mean_softplus_grad.vjp(
    g=lambda u, y, g, x, *, sign: sum(mul(u, mean_softplus_grad(1.0, x, sign=sign))), x=_mean_softplus_grad_x
)


def mean_softplus_composed(x: Tensor, *, sign: int = 1) -> Tensor:
    """mean_softplus written in other ops: the definition to read and the oracle of the kernel."""
    return mean(softplus(mul(x, float(sign))))


def binary_cross_entropy_with_logits(logits: Tensor, target: Any) -> Tensor:
    """mean(target softplus(-logits) + (1 - target) softplus(logits)).

    ``target`` in [0, 1] is the probability of the class that large logits stand for: a number, or an array
    that broadcasts to the logits; ValueError for one that does not.
    """
    _check_target("binary_cross_entropy_with_logits", logits, target)
    rest = 1.0 - target if isinstance(target, int | float) else sub(1.0, target)
    return mean(add(mul(softplus(neg(logits)), target), mul(softplus(logits), rest)))


def cross_entropy(logits: Tensor, labels: Any) -> Tensor:
    """-mean(log softmax(logits)[label]): logits (n, k), labels (n,) integers in 0..k-1.

    Labels that are no Tensor are copied to the logits' device. Raises ValueError for other shapes, and for
    labels that are no integers or out of range.
    """
    if not isinstance(labels, Tensor):
        labels = tensor(labels if is_array(labels) else np.asarray(labels), device=logits.device)
    if logits.ndim != 2:
        raise ValueError(f"cross_entropy: logits must be (n, k), got {logits.shape}")
    n, k = logits.shape
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"cross_entropy: logits {logits.shape} need {n} integer labels, got {describe(labels)}"
        )
    check(_check_labels, labels._data, k)
    return neg(mean(getitem(log_softmax(logits, axis=1), index=(xp_of(logits._data).arange(n), labels))))


def mse_loss(x: Tensor, target: Any) -> Tensor:
    """mean((x - target)^2); ``target`` is a number or an array that broadcasts to x, else ValueError."""
    _check_target("mse_loss", x, target)
    return mean(square(sub(x, target)))


def l1_loss(x: Tensor, target: Any) -> Tensor:
    """mean(|x - target|); ``target`` is a number or an array that broadcasts to x, else ValueError."""
    _check_target("l1_loss", x, target)
    return mean(abs(sub(x, target)))


def norm_per_sample(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The Euclidean norm of each whole sample of x (n, ...), shape (n,): sqrt(sum of squares + eps).

    ``eps`` keeps the derivative finite where a sample is zero.
    """
    return sqrt(add(sum(square(x), axis=tuple(range(1, x.ndim))), eps))


def _check_labels(labels: Array, k: int) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= k):
        raise ValueError(f"cross_entropy: labels must lie in 0..{k - 1}, got {labels.min()}..{labels.max()}")


def _check_logits(x: Array, sign: int) -> None:
    if sign not in (1, -1):
        raise ValueError("sign must be 1 or -1")
    if x.size == 0:
        raise ValueError("the mean of no logits is undefined")


def _check_target(loss: str, x: Tensor, target: Any) -> None:
    """Refuse (n,) beside (n, 1), which would silently compare each with each."""
    shape = np.shape(target)
    if len(shape) > x.ndim or any(
        size not in (1, length) for size, length in zip(shape[::-1], x.shape[::-1], strict=False)
    ):
        raise ValueError(f"{loss}: target {shape} does not fit {x.shape}; reshape it to that shape")
