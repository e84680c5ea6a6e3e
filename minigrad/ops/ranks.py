"""Functions of all ranks' tensors, where several processes compute together.

Every rank calls them in the same order, forward and in ``grad``, and each rank's gradient is that of the sum
of all ranks' losses. A sum's gradient is therefore the sum of the ranks' gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.devices import xp_of
from minigrad.distributed.communicator import Communicator, resolved
from minigrad.op import op
from minigrad.ops.shape import getitem
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["all_gather", "all_reduce"]
INTERNAL = ["all_gather_of", "all_reduce_of"]


def all_reduce(x: Any, *, communicator: Communicator | None = None) -> Tensor:
    """The sum over the ranks of their x, of one shape; all of them get it.

    ``communicator`` is that of the block ``distributed.using`` unless given. A mean is the sum divided by
    ``communicator.size``. Raises ValueError unless all ranks' x have one number of elements, where the
    communicator notices it.

    >>> import minigrad as mg
    >>> mg.ops.all_reduce(mg.tensor([1.0, 2.0])).tolist()  # a single process
    [1.0, 2.0]
    """
    return all_reduce_of(x, communicator=resolved(communicator))


def all_gather(x: Any, *, communicator: Communicator | None = None) -> Tensor:
    """The ranks' x (n, ...) one after the other: (size n, ...), for functions of a whole batch.

    All have one shape. ``communicator`` is that of the block ``distributed.using`` unless given.

    >>> import minigrad as mg
    >>> mg.ops.all_gather(mg.tensor([[1.0, 2.0]])).shape  # a single process
    (1, 2)
    """
    return all_gather_of(x, communicator=resolved(communicator))


@op
def all_reduce_of(x: Array, *, communicator: Communicator, out: Array | None = None) -> Array:
    """all_reduce over the ranks of a communicator."""
    y = xp_of(x).empty(x.shape, np.int64 if x.dtype == bool else x.dtype) if out is None else out
    y[...] = x
    communicator.all_reduce(y)
    return y


all_reduce_of.vjp(x=lambda g, y, x, *, communicator: all_reduce_of(g, communicator=communicator))


@op
def all_gather_of(x: Array, *, communicator: Communicator) -> Array:
    """all_gather over the ranks of a communicator."""
    if x.ndim == 0:
        raise ValueError("all_gather: x must be (n, ...), the rank's rows; reshape a number to (1,)")
    every = communicator.all_gather(x)
    return every.reshape(communicator.size * len(x), *x.shape[1:])


def _all_gather_x(g: Tensor, y: Tensor, x: Tensor, *, communicator: Communicator) -> Tensor:
    first = communicator.rank * len(x)
    return getitem(all_reduce_of(g, communicator=communicator), index=slice(first, first + len(x)))


all_gather_of.vjp(x=_all_gather_x)
