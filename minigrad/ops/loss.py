"""Losses, each the mean over all elements; on logits, never probabilities, so that they stay finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.activation import log_softmax, softplus
from minigrad.ops.elementwise import abs, add, mul, neg, sqrt, square, sub
from minigrad.ops.reduce import mean, sum
from minigrad.ops.shape import getitem
from minigrad.tensor import Tensor


def binary_cross_entropy_with_logits(logits: Tensor, target: Any) -> Tensor:
    """mean(target softplus(-logits) + (1 - target) softplus(logits)).

    ``target`` in [0, 1] is the probability of the class that large logits stand for: a number, or an array
    that broadcasts to the logits.
    """
    _check_target("binary_cross_entropy_with_logits", logits, target)
    rest = 1.0 - target if isinstance(target, int | float) else sub(1.0, target)
    return mean(add(mul(softplus(neg(logits)), target), mul(softplus(logits), rest)))


def cross_entropy(logits: Tensor, labels: Any) -> Tensor:
    """-mean(log softmax(logits)[label]): logits (n, k), labels (n,) integers in 0..k-1."""
    labels = np.asarray(labels)
    n, k = logits.shape
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"cross_entropy: logits {logits.shape} need {n} integer labels, got {labels.dtype} {labels.shape}"
        )
    if n and (labels.min() < 0 or labels.max() >= k):
        raise ValueError(f"cross_entropy: labels must lie in 0..{k - 1}, got {labels.min()}..{labels.max()}")
    return neg(mean(getitem(log_softmax(logits, axis=1), index=(np.arange(n), labels))))


def mse_loss(x: Tensor, target: Any) -> Tensor:
    """mean((x - target)^2); ``target`` is a number or an array that broadcasts to x."""
    _check_target("mse_loss", x, target)
    return mean(square(sub(x, target)))


def l1_loss(x: Tensor, target: Any) -> Tensor:
    """mean(|x - target|); ``target`` is a number or an array that broadcasts to x."""
    _check_target("l1_loss", x, target)
    return mean(abs(sub(x, target)))


def norm_per_sample(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The Euclidean norm of each whole sample of x (n, ...), shape (n,): sqrt(sum of squares + eps).

    ``eps`` keeps the derivative finite where a sample is zero.
    """
    return sqrt(add(sum(square(x), axis=tuple(range(1, x.ndim))), eps))


def _check_target(loss: str, x: Tensor, target: Any) -> None:
    """Refuse (n,) beside (n, 1), which would silently compare each with each."""
    shape = np.shape(target)
    if len(shape) > x.ndim or any(
        size not in (1, length) for size, length in zip(shape[::-1], x.shape[::-1], strict=False)
    ):
        raise ValueError(f"{loss}: target {shape} does not fit {x.shape}; reshape it to that shape")
