"""Reductions; ``axis`` is None (all axes), an int or a tuple, as in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.backend import Array, xp_of
from minigrad.op import constant, op
from minigrad.ops.elementwise import add, astype, div, exp, log, mul, sqrt, square, sub, where
from minigrad.ops.shape import broadcast_to, reshape
from minigrad.tensor import Tensor

Axis = int | tuple[int, ...] | None


@op
def sum(x: Array, *, axis: Axis = None, keepdims: bool = False, out: Array | None = None) -> Array:
    """The sum of x over ``axis``."""
    return xp_of(x).add.reduce(x, axis, None, out, keepdims)


sum.vjp(x=lambda g, y, x, *, axis, keepdims: broadcast_to(_with_axes(g, x, axis), shape=x.shape))


@op
def mean(x: Array, *, axis: Axis = None, keepdims: bool = False, out: Array | None = None) -> Array:
    """The mean of x over ``axis``."""
    count = x.size if axis is None else _count(x.shape, axis)
    if count == 0:
        raise ValueError("the mean of no elements is undefined; give at least one")
    total = xp_of(x).add.reduce(x, axis, None if x.dtype.kind == "f" else np.float64, out, keepdims)
    return xp_of(x).true_divide(total, count, out=out)


def _mean_x(g: Tensor, y: Tensor, x: Tensor, *, axis: Axis, keepdims: bool) -> Tensor:
    return broadcast_to(_with_axes(div(g, float(_count(x.shape, axis))), x, axis), shape=x.shape)


mean.vjp(x=_mean_x)


@op
def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element of x over ``axis``; equal ones share the gradient evenly."""
    return xp_of(x).max(x, axis=axis, keepdims=keepdims)


@op
def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest element of x over ``axis``; equal ones share the gradient evenly."""
    return xp_of(x).min(x, axis=axis, keepdims=keepdims)


def _extremum_x(g: Tensor, y: Tensor, x: Tensor, *, axis: Axis, keepdims: bool) -> Tensor:
    return mul(_with_axes(g, x, axis), constant(_share, x, _with_axes(y, x, axis), axis))


def _share(x: Array, y: Array, axis: Axis) -> Array:
    """1 / k where x equals y, which it does k times over ``axis``, else 0."""
    chosen = (x == y).astype(x.dtype)
    return chosen / chosen.sum(axis, keepdims=True)


max.vjp(x=_extremum_x)
min.vjp(x=_extremum_x)


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean squared distance of x from its mean over ``axis`` (divided by the count, as in NumPy)."""
    centred = sub(x, mean(x, axis=axis, keepdims=True))
    return mean(square(centred), axis=axis, keepdims=keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False, *, correction: float = 0) -> Tensor:
    """The square root of the sum of squared distances from the mean, divided by the count - ``correction``.

    NumPy's divides by the count, PyTorch's has a correction of 1. Its derivative where all elements are equal
    is 0.
    """
    centred = sub(x, mean(x, axis=axis, keepdims=True))
    count = centred.size if axis is None else _count(centred.shape, axis)
    if count <= correction:
        raise ValueError(f"std: {count} elements are too few for a correction of {correction}")
    variance = div(sum(square(centred), axis=axis, keepdims=keepdims), float(count - correction))
    zero = variance == 0
    return where(zero, 0.0, sqrt(where(zero, 1.0, variance)))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) over ``axis``, without overflow."""
    largest = max(x, axis=axis, keepdims=True).detach()
    if not largest.is_float:
        largest = astype(largest, dtype=np.float32)
    y = add(log(sum(exp(sub(x, largest)), axis=axis, keepdims=True)), largest)
    reduced = _axes(y.ndim, axis)
    return y if keepdims else reshape(y, shape=tuple(n for i, n in enumerate(y.shape) if i not in reduced))


def _with_axes(t: Tensor, x: Tensor, axis: Axis) -> Tensor:
    """``t``, a reduction of x over ``axis``, with the reduced axes kept at length 1."""
    reduced = _axes(x.ndim, axis)
    return reshape(t, shape=tuple(1 if i in reduced else size for i, size in enumerate(x.shape)))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each mean is taken over."""
    return math.prod(shape[a] for a in _axes(len(shape), axis))


def _axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    """``axis`` as a tuple of numbers in 0..ndim-1; as in NumPy, 0 and -1 name no axis of a 0-d array."""
    if axis is None or (ndim == 0 and axis in (0, -1)):
        return tuple(range(ndim))
    return normalize_axis_tuple(axis, ndim)
