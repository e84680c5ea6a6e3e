"""Rows of a table, picked by integers."""

from __future__ import annotations

from typing import Any

from minigrad.creation import tensor
from minigrad.ops.elementwise import where
from minigrad.ops.shape import getitem, reshape
from minigrad.tensor import Tensor, describe
from minigrad.tracing import check
from minigrad.types import Array

__all__ = ["embedding"]


def embedding(index: Any, weight: Any, padding_idx: int | None = None) -> Tensor:
    """weight[index]: integers (...) and a table (k, d), giving (..., d).

    The row ``padding_idx`` gets no gradient. Integers that are no Tensor are copied to the table's device.
    Raises TypeError for an index of other numbers, ValueError for one outside 0..k-1 and a table that is not
    (k, d).

    >>> import minigrad as mg
    >>> mg.ops.embedding([1, 0], mg.tensor([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist()
    [[3.0, 4.0], [1.0, 2.0]]
    """
    if not isinstance(weight, Tensor):
        weight = tensor(weight)
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight must be (k, d), got {weight.shape}")
    if not isinstance(index, Tensor):
        index = tensor(index, device=weight.device)
    if index.dtype.kind not in "iu":
        raise TypeError(
            f"embedding: an index is integers, got {describe(index)}; convert with .astype('int64')"
        )
    rows = weight.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueError(f"embedding: padding_idx must lie in {-rows}..{rows - 1}, got {padding_idx}")
    check(_check_index, index._data, rows)
    y = getitem(weight, index=index)
    if padding_idx is None:
        return y
    return where(reshape(index != padding_idx % rows, shape=(*index.shape, 1)), y, y.detach())


def _check_index(index: Array, rows: int) -> None:
    if bool(((index < 0) | (index >= rows)).any()):
        raise ValueError(f"embedding: an index must lie in 0..{rows - 1}, got {index.min()}..{index.max()}")
