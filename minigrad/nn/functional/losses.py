"""The losses of nn.functional: those of ``minigrad.ops`` with PyTorch's order of arguments."""

from __future__ import annotations

from typing import Any

from minigrad import ops
from minigrad.tensor import Tensor

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]


def mse_loss(x: Tensor, target: Any, reduction: str = "mean", weight: Any = None) -> Tensor:
    """mean((x - target)^2), of shape (), by ``ops.mse_loss``; ``target`` broadcasts to x.

    ``reduction`` "sum" gives the sum, "none" each term.

    >>> import minigrad as mg
    >>> x, target = mg.tensor([1.0, 2.0]), mg.tensor([1.0, 5.0])
    >>> mg.nn.functional.mse_loss(x, target).item(), mg.nn.functional.mse_loss(x, target, "sum").item()
    (4.5, 9.0)
    """
    return ops.mse_loss(x, target, weight, reduction=reduction)


def l1_loss(x: Tensor, target: Any, reduction: str = "mean", weight: Any = None) -> Tensor:
    """mean(|x - target|), of shape (), by ``ops.l1_loss``; ``target`` broadcasts to x.

    >>> import minigrad as mg
    >>> mg.nn.functional.l1_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 5.0])).item()
    1.5
    """
    return ops.l1_loss(x, target, weight, reduction=reduction)


def smooth_l1_loss(x: Tensor, target: Any, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """The mean of d^2 / (2 beta) where |d| <= beta, else |d| - beta / 2, of d = x - target.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, 3.0])  # 0.5^2 / (2 beta) and 3 - beta / 2
    >>> mg.nn.functional.smooth_l1_loss(x, mg.zeros(2), "none", beta=2.0).tolist()
    [0.0625, 2.0]
    """
    return ops.smooth_l1_loss(x, target, beta=beta, reduction=reduction)


def huber_loss(x: Tensor, target: Any, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """The mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), of d = x - target.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, 3.0])  # 0.5^2 / 2 and delta (3 - delta / 2)
    >>> mg.nn.functional.huber_loss(x, mg.zeros(2), "none", delta=2.0).tolist()
    [0.125, 4.0]
    """
    return ops.huber_loss(x, target, delta=delta, reduction=reduction)


def kl_div(log_q: Tensor, target: Any, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """mean(p (log p - log q)) of log-probabilities and of probabilities p, the ``target``, by ``ops.kl_div``.

    >>> import minigrad as mg
    >>> log_q, p = mg.nn.functional.log_softmax(mg.zeros((1, 2)), dim=1), mg.tensor([[1.0, 0.0]])
    >>> round(mg.nn.functional.kl_div(log_q, p, "batchmean").item(), 3)  # log 2
    0.693
    """
    return ops.kl_div(log_q, target, reduction=reduction, log_target=log_target)


def binary_cross_entropy_with_logits(
    logits: Tensor, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Tensor:
    """mean(target softplus(-logits) + (1 - target) softplus(logits)), of logits, never of probabilities.

    >>> import minigrad as mg
    >>> logits, target = mg.tensor([0.0, 1000.0, 1000.0]), mg.tensor([1.0, 1.0, 0.0])
    >>> loss = mg.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    >>> [round(value, 3) for value in loss.tolist()]
    [0.693, 0.0, 1000.0]
    """
    return ops.binary_cross_entropy_with_logits(
        logits, target, weight, pos_weight=pos_weight, reduction=reduction
    )


def nll_loss(
    log_p: Tensor, labels: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """-mean(log_p[label]): log-probabilities (n, k) or (n, k, ...), labels (n, ...), by ``ops.nll_loss``.

    >>> import minigrad as mg
    >>> log_p = mg.tensor([[-0.5, -1.0], [-2.0, -0.25]])
    >>> mg.nn.functional.nll_loss(log_p, [0, 1], reduction="none").tolist()
    [0.5, 0.25]
    """
    return ops.nll_loss(log_p, labels, weight, ignore_index=ignore_index, reduction=reduction)


def cross_entropy(
    logits: Tensor,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-mean(log softmax(logits)[label]): logits (n, k) or (n, k, ...), labels (n, ...); or probabilities of
    the logits' shape as ``target``. By ``ops.cross_entropy``.

    >>> import minigrad as mg
    >>> round(mg.nn.functional.cross_entropy(mg.zeros((2, 10)), [3, 7]).item(), 4)  # log 10
    2.3026
    """
    return ops.cross_entropy(
        logits,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
