"""Losses as modules; ``minigrad.ops`` has their formulas."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.arrays import is_array
from minigrad.nn import functional as F
from minigrad.nn.module import Module
from minigrad.ops.loss import REDUCTIONS
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
]


class _Loss(Module):
    """The base of the losses: ``reduction`` is "mean", "sum" or "none"; raises ValueError for another."""

    reductions: ClassVar[tuple[str, ...]] = REDUCTIONS

    def __init__(self, *, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            known = ", ".join(map(repr, self.reductions))
            raise ValueError(f"{type(self).__name__}: reduction must be one of {known}, got {reduction!r}")
        self.reduction = reduction

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class MSELoss(_Loss):
    """``mean((x - target)^2)``, of shape (), by ``ops.mse_loss``; ``target`` broadcasts to x.

    ``reduction`` "sum" gives the sum, "none" each term, of x's shape. Raises ValueError for another shape.

    >>> import minigrad as mg
    >>> x, target = mg.tensor([1.0, 2.0]), mg.tensor([1.0, 5.0])
    >>> mg.nn.MSELoss()(x, target).item(), mg.nn.MSELoss(reduction="none")(x, target).tolist()
    (4.5, [0.0, 9.0])
    """

    def forward(self, x: Tensor, target: Any) -> Tensor:
        return F.mse_loss(x, target, reduction=self.reduction)


class L1Loss(_Loss):
    """``mean(|x - target|)``, by ``ops.l1_loss``; shapes, ``reduction`` and what raises as in MSELoss.

    >>> import minigrad as mg
    >>> mg.nn.L1Loss()(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 5.0])).item()
    1.5
    """

    def forward(self, x: Tensor, target: Any) -> Tensor:
        return F.l1_loss(x, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """The mean of ``d^2 / (2 beta)`` where ``|d| <= beta``, else ``|d| - beta / 2``; d is x - target.

    It is ``ops.smooth_l1_loss``; shapes and ``reduction`` as in MSELoss. Girshick (2015), eq. 3.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, 3.0])
    >>> loss = mg.nn.SmoothL1Loss(beta=2.0, reduction="none")
    >>> loss(x, mg.zeros(2)).tolist()  # 0.5^2 / (2 beta) and 3 - beta / 2
    [0.0625, 2.0]
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, x: Tensor, target: Any) -> Tensor:
        return F.smooth_l1_loss(x, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """The mean of ``d^2 / 2`` where ``|d| <= delta``, else ``delta (|d| - delta / 2)``; d is x - target.

    It is ``ops.huber_loss``; shapes and ``reduction`` as in MSELoss. Huber (1964).

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, 3.0])
    >>> loss = mg.nn.HuberLoss(delta=2.0, reduction="none")
    >>> loss(x, mg.zeros(2)).tolist()  # 0.5^2 / 2 and delta (3 - delta / 2)
    [0.125, 4.0]
    """

    def __init__(self, *, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, x: Tensor, target: Any) -> Tensor:
        return F.huber_loss(x, target, reduction=self.reduction, delta=self.delta)


class KLDivLoss(_Loss):
    """The mean of ``p (log p - log q)``, of log-probabilities log q and of probabilities p, the ``target``.

    With ``log_target`` the target is log p. ``reduction`` "batchmean" divides the sum by the number of
    samples, which alone gives the mean Kullback-Leibler divergence. It is ``ops.kl_div``.

    >>> import minigrad as mg
    >>> log_q = mg.nn.LogSoftmax(dim=1)(mg.tensor([[0.0, 0.0]]))
    >>> loss = mg.nn.KLDivLoss(reduction="batchmean")
    >>> round(loss(log_q, mg.tensor([[1.0, 0.0]])).item(), 3)  # log 2
    0.693
    """

    reductions: ClassVar[tuple[str, ...]] = (*REDUCTIONS, "batchmean")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, log_q: Tensor, target: Any) -> Tensor:
        return F.kl_div(log_q, target, reduction=self.reduction, log_target=self.log_target)


class BCEWithLogitsLoss(_Loss):
    """``mean(target softplus(-logits) + (1 - target) softplus(logits))``: binary cross-entropy of logits.

    ``target``, in [0, 1], broadcasts to the logits. ``pos_weight`` multiplies the first term, ``weight`` the
    sum; both are buffers. It is ``ops.binary_cross_entropy_with_logits``, as PyTorch's loss of this name.
    There is no BCELoss: logits are finite where probabilities round to 0 or 1.

    >>> import minigrad as mg
    >>> loss = mg.nn.BCEWithLogitsLoss(reduction="none")
    >>> x, target = mg.tensor([0.0, 1000.0, 1000.0]), mg.tensor([1.0, 1.0, 0.0])
    >>> [round(value, 3) for value in loss(x, target).tolist()]
    [0.693, 0.0, 1000.0]
    """

    weight: Array | None
    pos_weight: Array | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", _array(weight))
        self.register_buffer("pos_weight", _array(pos_weight))

    def forward(self, logits: Tensor, target: Any) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            logits, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class NLLLoss(_Loss):
    """``-mean(log_p[label])``: log-probabilities (n, k) or (n, k, ...), labels (n, ...), integers in 0..k-1.

    ``weight`` (k,), one number a class, is a buffer. Labels of ``ignore_index`` have no part in the mean. It
    is ``ops.nll_loss``.

    >>> import minigrad as mg
    >>> log_p = mg.tensor([[-0.5, -1.0], [-2.0, -0.25]])
    >>> mg.nn.NLLLoss(reduction="none")(log_p, mg.tensor([0, 1])).tolist()
    [0.5, 0.25]
    """

    weight: Array | None

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", _array(weight))
        self.ignore_index = ignore_index

    def forward(self, log_p: Tensor, labels: Any) -> Tensor:
        return F.nll_loss(log_p, labels, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_Loss):
    """``-mean(log softmax(logits)[label])``: logits (n, k) or (n, k, ...), labels (n, ...) in 0..k-1; or
    ``-mean(sum(p log softmax(logits)))`` for probabilities p of the logits' shape.

    ``weight`` (k,), one number a class, is a buffer. Labels of ``ignore_index`` have no part in the mean. It
    is ``ops.cross_entropy``, whose docstring has ``label_smoothing``.

    >>> import minigrad as mg
    >>> logits = mg.zeros((2, 10))
    >>> round(mg.nn.CrossEntropyLoss()(logits, mg.tensor([3, 7])).item(), 4)  # log 10
    2.3026
    """

    weight: Array | None

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction=reduction)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"CrossEntropyLoss: label_smoothing must lie in [0, 1], got {label_smoothing}")
        self.register_buffer("weight", _array(weight))
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Any) -> Tensor:
        return F.cross_entropy(
            logits, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


def _array(value: Any) -> Array | None:
    """A copy as an array, or None."""
    if value is None:
        return None
    data = value.data if isinstance(value, Tensor) else value
    array: Array = data.copy() if is_array(data) else np.asarray(data, np.float32)
    return array
