"""Losses of classes: of logits or of log-probabilities against labels or distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.apply import constant
from minigrad.arrays import is_array
from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.ops.activation import log_softmax
from minigrad.ops.elementwise import astype, exp, log, where
from minigrad.ops.loss import check_target, reduced
from minigrad.ops.reduce import sum
from minigrad.ops.shape import getitem, reshape
from minigrad.tensor import Tensor, describe
from minigrad.tracing import check
from minigrad.types import Array

__all__ = ["cross_entropy", "kl_div", "nll_loss"]

CLASSES = 1
"""The axis of the classes."""


def cross_entropy(
    logits: Tensor,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """-mean(log softmax(logits)[label]): logits (n, k) or (n, k, ...), labels (n, ...) integers in 0..k-1.

    Floats as ``target``, of the logits' shape, are probabilities p: then it is -sum(p log softmax(logits))
    over the classes. ``label_smoothing`` e mixes the target with the uniform one, (1 - e) p + e / k (Szegedy
    et al. 2016, section 7). ``weight`` (k,) multiplies the terms of each class; the mean over labels then
    divides by the sum of the labels' weights, that over probabilities by the number of samples. Labels of
    ``ignore_index`` are left out. ``reduction`` is "mean", "sum" or "none".

    A target that is no Tensor is copied to the logits' device. Raises ValueError for other shapes, and for
    labels that are out of range.

    >>> import minigrad as mg
    >>> f"{mg.ops.cross_entropy(mg.tensor([[0.0, 0.0], [0.0, 50.0]]), [0, 1]):.4f}"
    '0.3466'
    """
    _check_classes("cross_entropy", "logits", logits)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must lie in [0, 1], got {label_smoothing}")
    target = _target(logits, target)
    log_p = log_softmax(logits, axis=CLASSES)
    if target.is_float:
        if ignore_index is not None and ignore_index >= 0:
            raise ValueError("cross_entropy: ignore_index is for labels, the target is probabilities")
        return _of_probabilities(log_p, target, weight, label_smoothing, reduction)
    loss = nll_loss(
        log_p, target, weight, ignore_index=ignore_index, reduction=reduction, name="cross_entropy"
    )
    if label_smoothing == 0:
        return loss
    spread = _spread(log_p, target, weight, ignore_index, reduction)
    return loss * (1.0 - label_smoothing) + spread * (label_smoothing / logits.shape[CLASSES])


def nll_loss(
    log_p: Tensor,
    labels: Any,
    weight: Any = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
    name: str = "nll_loss",
) -> Tensor:
    """-mean(log_p[label]) of log-probabilities (n, k) or (n, k, ...), as ``log_softmax`` gives them.

    Labels, the other arguments and what raises are as in ``cross_entropy``; ``name`` begins an error's text.

    >>> import minigrad as mg
    >>> mg.ops.nll_loss(mg.tensor([[-0.5, -1.0], [-2.0, -0.25]]), [0, 1]).item()
    0.375
    """
    _check_classes(name, "log-probabilities", log_p)
    labels = _target(log_p, labels)
    _check_labels(name, log_p, labels, ignore_index)
    kept = None if ignore_index is None else labels != ignore_index
    chosen = labels if kept is None else constant(_without_ignored, labels, ignore_index)
    losses = -getitem(log_p, index=_places(log_p, chosen))
    if kept is not None:
        losses = where(kept, losses, 0.0)
    if weight is None and (kept is None or reduction != "mean"):
        return reduced(name, losses, reduction)
    weights = _weights(name, log_p, chosen, weight, kept)
    if weight is not None:
        losses = losses * weights
    return sum(losses) / sum(weights) if reduction == "mean" else reduced(name, losses, reduction)


def kl_div(log_q: Tensor, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """p (log p - log q), elementwise, of log-probabilities ``log_q`` and probabilities p, the ``target``.

    With ``log_target`` the target holds log p. ``reduction`` is "mean", over all elements, "sum", "none", or
    "batchmean": the sum divided by the number of samples, which alone is the mean Kullback-Leibler
    divergence. Where p is 0 the term is 0.

    >>> import minigrad as mg
    >>> q, p = mg.tensor([[0.5, 0.5]]), mg.tensor([[1.0, 0.0]])
    >>> round(mg.ops.kl_div(mg.ops.log(q), p, reduction="batchmean").item(), 4)
    0.6931
    """
    check_target("kl_div", log_q, target)
    p = target if isinstance(target, Tensor) else tensor(target, device=log_q.device)
    if log_target:
        terms = exp(p) * (p - log_q)
    else:
        positive = p > 0.0
        terms = where(positive, p * log(where(positive, p, 1.0)), 0.0) - p * log_q
    if reduction == "batchmean":
        return sum(terms) / float(log_q.shape[0])
    return reduced("kl_div", terms, reduction, more=("batchmean",))


def _of_probabilities(log_p: Tensor, p: Tensor, weight: Any, smoothing: float, reduction: str) -> Tensor:
    if p.shape != log_p.shape:
        raise ValueError(
            f"cross_entropy: logits {log_p.shape} need {_needed(log_p)} integer labels, got {describe(p)}; "
            "probabilities have the shape of the logits"
        )
    if smoothing:
        p = p * (1.0 - smoothing) + smoothing / p.shape[CLASSES]
    terms = p * log_p
    if weight is not None:
        terms = terms * _along_classes("cross_entropy", log_p, weight)
    return reduced("cross_entropy", -sum(terms, axis=CLASSES), reduction)


def _spread(log_p: Tensor, labels: Tensor, weight: Any, ignore_index: int | None, reduction: str) -> Tensor:
    """The loss of a target that is 1 for every class, reduced as that of the labels is."""
    terms = log_p if weight is None else log_p * _along_classes("cross_entropy", log_p, weight)
    losses = -sum(terms, axis=CLASSES)
    if ignore_index is None and weight is None:
        return reduced("cross_entropy", losses, reduction)
    kept = None if ignore_index is None else labels != ignore_index
    if kept is not None:
        losses = where(kept, losses, 0.0)
    if reduction != "mean":
        return reduced("cross_entropy", losses, reduction)
    chosen = labels if kept is None else constant(_without_ignored, labels, ignore_index)
    return sum(losses) / sum(_weights("cross_entropy", log_p, chosen, weight, kept))


def _weights(name: str, log_p: Tensor, labels: Tensor, weight: Any, kept: Tensor | None) -> Tensor:
    """The weight of each label: its class's, 0 where it is not kept."""
    if weight is None:
        assert kept is not None
        return astype(kept, dtype=log_p.dtype)
    _along_classes(name, log_p, weight)
    table = weight if isinstance(weight, Tensor) else tensor(weight, log_p.dtype, log_p.device)
    weights = getitem(table, index=labels)
    return weights if kept is None else where(kept, weights, 0.0)


def _along_classes(name: str, log_p: Tensor, weight: Any) -> Tensor:
    """``weight`` (k,) as it lies beside log-probabilities (n, k, ...)."""
    k = log_p.shape[CLASSES]
    if np.shape(weight) != (k,):
        raise ValueError(f"{name}: weight must have the shape ({k},) of the classes, got {np.shape(weight)}")
    table = weight if isinstance(weight, Tensor) else tensor(weight, log_p.dtype, log_p.device)
    return reshape(table, shape=(k, *(1,) * (log_p.ndim - 2)))


def _target(x: Tensor, target: Any) -> Tensor:
    if isinstance(target, Tensor):
        return target
    return tensor(target if is_array(target) else np.asarray(target), device=x.device)


def _labels_shape(x: Tensor) -> tuple[int, ...]:
    return (*x.shape[:CLASSES], *x.shape[CLASSES + 1 :])


def _needed(x: Tensor) -> str:
    """How many labels x has room for."""
    return f"{x.shape[0]}" if x.ndim == 2 else f"{_labels_shape(x)}"


def _places(x: Tensor, labels: Tensor) -> tuple[Any, ...]:
    """The index that picks for each label its element of x."""
    places: list[Any] = []
    for axis, length in enumerate(labels.shape):
        along = xp_of(x._data).arange(length)
        places.append(along.reshape(-1, *(1,) * (labels.ndim - 1 - axis)) if labels.ndim > 1 else along)
    return (*places[:CLASSES], labels, *places[CLASSES:])


def _check_classes(name: str, what: str, x: Tensor) -> None:
    if x.ndim < 2:
        raise ValueError(f"{name}: {what} must be (n, k), got {x.shape}; (n, k, ...) has labels (n, ...)")


def _check_labels(name: str, x: Tensor, labels: Tensor, ignore_index: int | None) -> None:
    if labels.shape != _labels_shape(x) or labels.dtype.kind not in "iu":
        raise ValueError(f"{name}: logits {x.shape} need {_needed(x)} integer labels, got {describe(labels)}")
    check(check_range, labels._data, x.shape[CLASSES], name, ignore_index)


def check_range(labels: Array, k: int, name: str, ignore_index: int | None = None) -> None:
    """Raise ValueError for a label outside 0..k-1 that is not ``ignore_index``."""
    if ignore_index is not None:
        labels = labels[labels != ignore_index]
    if labels.size and (labels.min() < 0 or labels.max() >= k):
        raise ValueError(f"{name}: labels must lie in 0..{k - 1}, got {labels.min()}..{labels.max()}")


def _without_ignored(labels: Array, ignore_index: int) -> Array:
    """The labels, with a class in place of those that are ignored."""
    return xp_of(labels).where(labels == ignore_index, 0, labels).astype(labels.dtype, copy=False)
