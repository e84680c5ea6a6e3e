"""Lengths of vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.creation import tensor
from minigrad.hints import explain_keywords
from minigrad.ops.elementwise import abs, astype, sqrt, square, where
from minigrad.ops.reduce import max, min, sum
from minigrad.ops.sums import Axis
from minigrad.tensor import Tensor

__all__ = ["vector_norm"]


@explain_keywords
def vector_norm(x: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """(sum |x|^ord)^(1 / ord) over ``axis``.

    An ``ord`` of inf or -inf is the largest or smallest |x|, one of 0 the number of x that are not 0. The
    derivative at 0 is 0, as those of its parts |x|, in every order; ``norm_per_sample`` rounds the corner off
    instead.

    >>> import minigrad as mg
    >>> mg.ops.vector_norm(mg.tensor([3.0, 4.0])).item()
    5.0
    """
    if not isinstance(x, Tensor):
        x = tensor(x)
    if not x.is_float:
        x = astype(x, dtype=np.dtype(np.float32))
    if ord == 0:
        return sum(astype(x != 0, dtype=x.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    if math.isinf(ord):
        return (max if ord > 0 else min)(abs(x), axis=axis, keepdims=keepdims)
    if ord == 2:
        return _off_zero(sum(square(x), axis=axis, keepdims=keepdims), 0.5)
    powers = _off_zero(abs(x), float(ord)) if ord > 0 else abs(x) ** float(ord)
    return _off_zero(sum(powers, axis=axis, keepdims=keepdims), 1 / ord)


def _off_zero(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x >= 0, with derivatives of 0 where x is 0."""
    zero = x == 0
    rest = where(zero, 1.0, x)
    return where(zero, 0.0, sqrt(rest) if exponent == 0.5 else rest**exponent)
