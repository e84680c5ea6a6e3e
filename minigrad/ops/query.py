"""Positions and tests: where the largest element is, whether all are finite. They give integers or bools."""

from __future__ import annotations

from minigrad.devices import xp_of
from minigrad.op import op
from minigrad.ops.sums import Axis, axes_of
from minigrad.types import Array

__all__ = ["all", "any", "argmax", "argmin", "isfinite", "isinf", "isnan"]


@op
def argmax(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the largest element along ``axis`` (None: in x.reshape(-1)); of equal ones the first.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 3.0], [5.0, 5.0]])
    >>> mg.ops.argmax(x).item(), mg.ops.argmax(x, axis=1).tolist()
    (2, [1, 0])
    """
    return xp_of(x).argmax(x, axis=axis, keepdims=keepdims)


@op
def argmin(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the smallest element along ``axis`` (None: in x.reshape(-1)); of equal ones the first.

    >>> import minigrad as mg
    >>> mg.ops.argmin(mg.tensor([[1.0, 3.0], [5.0, 4.0]]), axis=1).tolist()
    [0, 1]
    """
    return xp_of(x).argmin(x, axis=axis, keepdims=keepdims)


@op
def any(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether an element over ``axis`` is true, which every number but 0 is.

    >>> import minigrad as mg
    >>> mg.ops.any(mg.tensor([[0.0, 0.5], [0.0, 0.0]]), axis=1).tolist()
    [True, False]
    """
    return xp_of(x).any(x, axis=axes_of(x.ndim, axis), keepdims=keepdims)


@op
def all(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether each element over ``axis`` is true, which every number but 0 is.

    >>> import minigrad as mg
    >>> mg.ops.all(mg.tensor([[2.0, 0.5], [0.0, 1.0]]), axis=1).tolist()
    [True, False]
    """
    return xp_of(x).all(x, axis=axes_of(x.ndim, axis), keepdims=keepdims)


@op
def isfinite(x: Array, *, out: Array | None = None) -> Array:
    """Whether x is neither an infinity nor NaN, elementwise.

    >>> import minigrad as mg
    >>> mg.ops.isfinite(mg.tensor([1.0, float("inf"), float("nan")])).tolist()
    [True, False, False]
    """
    return xp_of(x).isfinite(x, out=out)


@op
def isnan(x: Array, *, out: Array | None = None) -> Array:
    """Whether x is NaN, elementwise.

    >>> import minigrad as mg
    >>> mg.ops.isnan(mg.tensor([1.0, float("inf"), float("nan")])).tolist()
    [False, False, True]
    """
    return xp_of(x).isnan(x, out=out)


@op
def isinf(x: Array, *, out: Array | None = None) -> Array:
    """Whether x is an infinity of either sign, elementwise.

    >>> import minigrad as mg
    >>> mg.ops.isinf(mg.tensor([1.0, -float("inf"), float("nan")])).tolist()
    [False, True, False]
    """
    return xp_of(x).isinf(x, out=out)


for _op in (argmax, argmin, any, all, isfinite, isnan, isinf):
    _op.vjp(x=None)
del _op
