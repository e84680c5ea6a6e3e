"""Running sums, and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.hints import explain_keywords
from minigrad.op import op
from minigrad.ops.elementwise import astype
from minigrad.ops.rearrange import flip
from minigrad.ops.reduce import sum
from minigrad.ops.shape import concatenate, getitem, reshape, transpose
from minigrad.ops.sums import FEW, Axis, axes_of
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["cumsum", "prod"]


@op
def cumsum(x: Array, *, axis: int | None = None, out: Array | None = None) -> Array:
    """y[i] = x[0] + ... + x[i] along ``axis``; None takes x.reshape(-1), as in NumPy.

    Of float32, more than a few numbers are added in float64.

    >>> import minigrad as mg
    >>> mg.ops.cumsum(mg.tensor([1.0, 2.0, 3.0])).tolist()
    [1.0, 3.0, 6.0]
    """
    length = x.size if axis is None else x.shape[axis]
    if x.dtype.char != "f" or length <= FEW:
        return xp_of(x).cumsum(x, axis=axis, out=out)
    wide = xp_of(x).cumsum(x.astype(np.float64), axis=axis)
    if out is None:
        return wide.astype(np.float32)
    out[...] = wide
    return out


def _cumsum_x(g: Tensor, y: Tensor, x: Tensor, *, axis: int | None) -> Tensor:
    along = 0 if axis is None else axis
    return reshape(flip(cumsum(flip(g, along), axis=along), along), shape=x.shape)


cumsum.vjp(x=_cumsum_x)


@explain_keywords
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product of x over ``axis``, of integers as int64; of no elements it is 1.

    Neighbours are multiplied in pairs until one number is left, so that no derivative divides by x: all of
    them are right where elements are 0.

    >>> import minigrad as mg
    >>> mg.ops.prod(mg.tensor([2.0, 3.0, 4.0])).item()
    24.0
    """
    if not isinstance(x, Tensor):
        x = tensor(x)
    if x.dtype.kind in "biu":
        x = astype(x, dtype=np.dtype(np.uint64 if x.dtype.kind == "u" else np.int64))
    axes = axes_of(x.ndim, axis)
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    rest = tuple(x.shape[i] for i in kept)
    count = math.prod(x.shape[i] for i in axes)
    y = reshape(transpose(x, axes=(*axes, *kept)), shape=(count, *rest))
    while y.shape[0] > 1:
        half = y.shape[0] // 2
        pairs = getitem(y, index=slice(half)) * getitem(y, index=slice(half, 2 * half))
        y = concatenate([pairs, getitem(y, index=slice(2 * half, None))]) if y.shape[0] % 2 else pairs
    if count == 0:
        y = sum(y, axis=0) + 1
    shape = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
    return reshape(y, shape=shape if keepdims else rest)
