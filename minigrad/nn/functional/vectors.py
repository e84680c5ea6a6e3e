"""Functions of vectors in nn.functional: their lengths, the angle between two, and labels as unit vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import ops
from minigrad.apply import constant
from minigrad.arrays import as_array
from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.ops.classification import check_range
from minigrad.tensor import Tensor
from minigrad.tracing import check
from minigrad.types import Array

__all__ = ["normalize", "cosine_similarity", "one_hot"]


def normalize(x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(norm, eps) of the ``p``-norm along the axis ``dim``.

    >>> import minigrad as mg
    >>> mg.nn.functional.normalize(mg.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]], float32, op=div)
    """
    return x / ops.clip(ops.vector_norm(x, p, axis=dim, keepdims=True), eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between x1 and x2 along the axis ``dim``; norms below ``eps`` count as ``eps``.

    >>> import minigrad as mg
    >>> x, y = mg.tensor([[1.0, 0.0], [2.0, 0.0]]), mg.tensor([[0.0, 5.0], [3.0, 0.0]])
    >>> mg.nn.functional.cosine_similarity(x, y).tolist()
    [0.0, 1.0]
    """
    return ops.sum(normalize(x1, dim=dim, eps=eps) * normalize(x2, dim=dim, eps=eps), axis=dim)


def one_hot(labels: Any, num_classes: int = -1) -> Tensor:
    """int64 (..., k), 1 at each label, else 0; k is ``num_classes`` or, for -1, the largest label plus 1.

    Raises TypeError for labels that are no integers, ValueError for one outside 0..k-1.

    >>> import minigrad as mg
    >>> mg.nn.functional.one_hot([0, 2], 3).tolist()
    [[1, 0, 0], [0, 0, 1]]
    """
    labels = labels if isinstance(labels, Tensor) else tensor(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels are integers, got {labels.dtype}; convert with .astype('int64')")
    k = int(labels.numpy().max(initial=-1)) + 1 if num_classes == -1 else num_classes
    check(check_range, labels._data, k, "one_hot")
    return constant(_one_hot, labels, k)


def _one_hot(labels: Array, k: int) -> Array:
    return as_array(labels[..., None] == xp_of(labels).arange(k)).astype(np.int64)
