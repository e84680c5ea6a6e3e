"""Reductions; ``axis`` is None (all axes), an int or a tuple, as in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.apply import constant
from minigrad.arrays import as_array
from minigrad.devices import xp_of
from minigrad.hints import explain_keywords
from minigrad.op import op
from minigrad.ops.elementwise import exp, sqrt, square, sub, where
from minigrad.ops.shape import broadcast_to, reshape
from minigrad.ops.sums import Axis, axes_of, summed
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["logsumexp", "max", "mean", "min", "std", "sum", "var"]


@op
def sum(x: Array, *, axis: Axis = None, keepdims: bool = False, out: Array | None = None) -> Array:
    """The sum of x over ``axis``.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> mg.ops.sum(x).item(), mg.ops.sum(x, axis=0).tolist(), mg.ops.sum(x, axis=1, keepdims=True).tolist()
    (10.0, [4.0, 6.0], [[3.0], [7.0]])
    """
    return summed(x, axis, keepdims, out)


sum.vjp(x=lambda g, y, x, *, axis, keepdims: broadcast_to(_with_axes(g, x, axis), shape=x.shape))


@op
def mean(x: Array, *, axis: Axis = None, keepdims: bool = False, out: Array | None = None) -> Array:
    """The mean of x over ``axis``. Raises ValueError for the mean of no elements.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0, 6.0])
    >>> mg.ops.mean(x).item(), mg.grad(mg.ops.mean(x), [x])[0].tolist()
    (3.0, [0.25, 0.25, 0.25, 0.25])
    """
    count = x.size if axis is None else _count(x.shape, axis)
    if count == 0:
        raise ValueError("the mean of no elements is undefined; give at least one")
    total = summed(x, axis, keepdims, out, dtype=np.float64)
    return xp_of(x).true_divide(total, count, out=out)


def _mean_x(g: Tensor, y: Tensor, x: Tensor, *, axis: Axis, keepdims: bool) -> Tensor:
    return broadcast_to(_with_axes(g / float(_count(x.shape, axis)), x, axis), shape=x.shape)


mean.vjp(x=_mean_x)


@op
def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element of x over ``axis``; equal ones share the gradient evenly.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 3.0, 3.0])
    >>> mg.ops.max(x).item(), mg.grad(mg.ops.max(x), [x])[0].tolist()
    (3.0, [0.0, 0.5, 0.5])
    """
    return xp_of(x).max(x, axis=axes_of(x.ndim, axis), keepdims=keepdims)


@op
def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest element of x over ``axis``; equal ones share the gradient evenly.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 3.0], [5.0, 4.0]])
    >>> mg.ops.min(x, axis=1).tolist(), mg.grad(mg.ops.sum(mg.ops.min(x, axis=1)), [x])[0].tolist()
    ([1.0, 4.0], [[1.0, 0.0], [0.0, 1.0]])
    """
    return xp_of(x).min(x, axis=axes_of(x.ndim, axis), keepdims=keepdims)


def _extremum_x(g: Tensor, y: Tensor, x: Tensor, *, axis: Axis, keepdims: bool) -> Tensor:
    chosen = constant(_chosen, x, _with_axes(y, x, axis))
    return where(chosen, _with_axes(g, x, axis) / constant(_number, chosen, axis, x.dtype), 0.0)


def _chosen(x: Array, y: Array) -> Array:
    """Where x equals y, or is NaN with it."""
    return as_array((x == y) | (x != x))


def _number(chosen: Array, axis: Axis, dtype: np.dtype[Any]) -> Array:
    """How many elements over ``axis`` are chosen."""
    return summed(chosen.astype(dtype), axis, True)


max.vjp(x=_extremum_x)
min.vjp(x=_extremum_x)


@explain_keywords
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean squared distance of x from its mean over ``axis`` (divided by the count, as in NumPy).

    >>> import minigrad as mg
    >>> mg.ops.var(mg.tensor([1.0, 3.0])).item()  # the count is 2
    1.0
    """
    centred = sub(x, mean(x, axis=axis, keepdims=True))
    return mean(square(centred), axis=axis, keepdims=keepdims)


@explain_keywords
def std(x: Any, axis: Axis = None, keepdims: bool = False, *, correction: float = 0) -> Tensor:
    """The square root of the sum of squared distances from the mean, divided by the count - ``correction``.

    NumPy's divides by the count, PyTorch's has a correction of 1. Its derivative where all elements are equal
    is 0. Raises ValueError unless there are more elements than ``correction``.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> f"{mg.ops.std(x):.4f}, {mg.ops.std(x, correction=1):.4f}"
    '0.8165, 1.0000'
    """
    centred = sub(x, mean(x, axis=axis, keepdims=True))
    count = centred.size if axis is None else _count(centred.shape, axis)
    if count <= correction:
        raise ValueError(f"std: {count} elements are too few for a correction of {correction}")
    variance = sum(square(centred), axis=axis, keepdims=keepdims) / float(count - correction)
    zero = variance == 0
    return where(zero, 0.0, sqrt(where(zero, 1.0, variance)))


@op(real=True)
def logsumexp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) over ``axis``, without overflow.

    It is infinite where x has an infinity, and minus infinity where all x are that. Its gradient is
    softmax(x). Where the result is infinite, that is the limit, which equal infinities share evenly; where it
    is minus infinity, 0.

    >>> import minigrad as mg
    >>> f"{mg.ops.logsumexp(mg.tensor([1000.0, 1000.0])):.4f}"  # 1000 + log 2
    '1000.6932'
    """
    xp, axes = xp_of(x), axes_of(x.ndim, axis)
    kept = tuple(1 if a in axes else size for a, size in enumerate(x.shape))
    shape = kept if keepdims else tuple(size for a, size in enumerate(kept) if a not in axes)
    if x.size == 0:
        empty: Array = xp.full(shape, -np.inf, x.dtype)
        return empty
    largest = xp.max(x, axis=axes, keepdims=True)
    finite = xp.isfinite(largest)
    terms = xp.exp(xp.minimum(x - xp.where(finite, largest, 0), 0))
    total = summed(as_array(terms), axes, True)
    y = xp.where(finite, xp.log(xp.where(finite, total, 1)) + largest, largest)
    return as_array(y).reshape(shape)


def _logsumexp_x(g: Tensor, y: Tensor, x: Tensor, *, axis: Axis, keepdims: bool) -> Tensor:
    y = _with_axes(y, x, axis)
    infinite = constant(_is_infinite, y)
    softmax = exp(where(infinite, 0.0, x) - where(infinite, 0.0, y))
    weight = where(infinite, constant(_share_of_infinity, x, axis), softmax)
    return _with_axes(g, x, axis) * weight


def _is_infinite(y: Array) -> Array:
    return xp_of(y).isinf(y)


def _share_of_infinity(x: Array, axis: Axis) -> Array:
    """1 / k at the k elements over ``axis`` that are plus infinity; 0 elsewhere."""
    chosen = as_array(x == np.inf).astype(x.dtype)
    return chosen / xp_of(x).maximum(summed(chosen, axis, True), 1)


logsumexp.vjp(x=_logsumexp_x)


def _with_axes(t: Tensor, x: Tensor, axis: Axis) -> Tensor:
    """``t``, a reduction of x over ``axis``, with the reduced axes kept at length 1."""
    reduced = axes_of(x.ndim, axis)
    return reshape(t, shape=tuple(1 if i in reduced else size for i, size in enumerate(x.shape)))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    """The number of elements in each mean."""
    return math.prod(shape[a] for a in axes_of(len(shape), axis))
