"""The whole batch, of which each of several ranks has some rows: for losses that are no mean over samples."""

from __future__ import annotations

from typing import Any, TypeVar

from numpy.typing import NDArray

from minigrad import Tensor
from minigrad.distributed import current
from minigrad.ops import all_reduce, mean
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["mean_of_batch", "mean_of_ranks", "own_share", "whole_batch"]

T = TypeVar("T", bound=NDArray[Any])
Axes = int | tuple[int, ...] | None


def mean_of_batch(x: Tensor, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The mean over the batch of all ranks; its gradient reaches the rows of each.

    A loss that is a mean over samples needs it not, since gradients are averaged over the ranks: ``mean``
    will do. It is for a mean within a loss, such as that of the features that G's samples should have.

    >>> from minigrad import tensor
    >>> mean_of_batch(tensor([[1.0, 2.0], [3.0, 6.0]]), axis=0).tolist()
    [2.0, 4.0]
    """
    return mean_of_ranks(mean(x, axis=axis, keepdims=keepdims))


def mean_of_ranks(x: Tensor) -> Tensor:
    """The mean of the ranks' Tensors of one shape; its gradient reaches each of them."""
    ranks = current().size
    return x if ranks == 1 else all_reduce(x) * (1 / ranks)


def whole_batch(x: Tensor) -> Tensor:
    """The rows of all ranks, without a gradient: x (n, ...) of each -> (K n, ...)."""
    return x if current().size == 1 else Tensor(call(_gathered, x.data))


def own_share(rows: T) -> T:
    """The rank's rows of a whole batch, an array (K n, ...): (n, ...).

    >>> import numpy as np
    >>> own_share(np.arange(4)).tolist()
    [0, 1, 2, 3]
    """
    ranks = current()
    n = len(rows) // ranks.size
    own: Any = rows[ranks.rank * n : (ranks.rank + 1) * n]
    return own  # type: ignore[no-any-return]


def _gathered(rows: Array) -> Array:
    every = current().all_gather(rows)
    whole: Array = every.reshape(-1, *rows.shape[1:])
    return whole
