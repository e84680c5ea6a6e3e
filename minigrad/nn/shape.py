"""Layers that only change the shape."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Flatten", "Identity", "Unflatten"]


class Identity(Module):
    """``y = x``, for any x: a layer that changes nothing.

    >>> import minigrad as mg
    >>> x = mg.ones(2)
    >>> mg.nn.Identity()(x) is x
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        return x


class Flatten(Module):
    """Join the axes ``start_dim`` to ``end_dim``, both included, into one: by default (n, ...) -> (n, product
    of the rest). Raises ValueError for an input without these axes.

    >>> import minigrad as mg
    >>> mg.nn.Flatten()(mg.zeros((8, 3, 4, 4))).shape
    (8, 48)
    >>> mg.nn.Flatten(start_dim=2)(mg.zeros((8, 3, 4, 4))).shape
    (8, 3, 16)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Tensor) -> Tensor:
        start, end = (dim + x.ndim if dim < 0 else dim for dim in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < x.ndim:
            raise ValueError(f"{self!r}: does not fit an input of shape {x.shape}")
        joined = math.prod(x.shape[start : end + 1])
        return ops.reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split the axis ``dim`` into axes of the sizes ``unflattened_size``, one of which may be -1.

    Raises ValueError for an input without the axis, and for sizes whose product is not its length.

    >>> import minigrad as mg
    >>> mg.nn.Unflatten(1, (3, 4, -1))(mg.zeros((8, 48))).shape
    (8, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = dim
        self.unflattened_size = tuple(operator.index(size) for size in unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        dim = self.dim + x.ndim if self.dim < 0 else self.dim
        size = self._size_for(x.shape[dim]) if 0 <= dim < x.ndim else None
        if size is None:
            raise ValueError(f"{self!r}: does not fit an input of shape {x.shape}")
        return ops.reshape(x, (*x.shape[:dim], *size, *x.shape[dim + 1 :]))

    def _size_for(self, total: int) -> tuple[int, ...] | None:
        known = math.prod(size for size in self.unflattened_size if size != -1)
        free = self.unflattened_size.count(-1)
        if free > 1 or known < 0 or (total != known if free == 0 else known == 0 or total % known):
            return None
        return tuple(total // known if size == -1 else size for size in self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
