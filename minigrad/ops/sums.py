"""Sums whose rounding error does not grow with the length of what is summed.

NumPy adds in pairs along the axes that lie innermost in memory, and row after row along the others, where a
float32 sum of ones stops growing at 2^24. ``summed`` adds at most FEW rows in float32 and goes on in float64.
 With u = 2^-24 its error is at most BOUND u times the sum of the magnitudes: FEW additions of rows,
16 within NumPy's blocks of 128, one for each halving of as many blocks as memory holds, and the last
rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import NDArray

from minigrad.arrays import on_gpu
from minigrad.devices import xp_of
from minigrad.types import Array

Axis = int | Sequence[int] | NDArray[Any] | None

FEW = 256
BOUND = FEW + 16 + 27 + 1
_PLAIN = (int, tuple, type(None))
GPU_THREADS = 512  # of CuPy's, that share one sum


def summed(
    x: Array, axis: Axis = None, keepdims: bool = False, out: Array | None = None, dtype: Any = None
) -> Array:
    """numpy.sum of x over ``axis``, of float32 within BOUND u sum |x|; ``dtype`` is for other x."""
    add = xp_of(x).add
    if x.ndim == 0 or not isinstance(axis, _PLAIN):
        axis = axes_of(x.ndim, axis)
    if x.dtype.char != "f":
        return add.reduce(x, axis, dtype if x.dtype.kind != "f" else None, out, keepdims)
    if x.size <= FEW or _are_few(x.shape, axis):
        return add.reduce(x, axis, None, out, keepdims)  # what short sums cost is calls
    if on_gpu(x):
        return _on_gpu(x, axis, keepdims, out)
    if axis is None and x.flags.c_contiguous:
        return add.reduce(x, None, None, out, keepdims)
    axes = axes_of(x.ndim, axis)
    paired, rows = _in_memory(x, axes)
    if math.prod([x.shape[a] for a in rows]) <= FEW:
        return add.reduce(x, axes, None, out, keepdims)
    total = _in_parts(x, paired, rows)
    y = total if keepdims else total.reshape([size for a, size in enumerate(total.shape) if a not in axes])
    if out is None:
        return np.asarray(y, x.dtype)
    out[...] = y
    return out


def _are_few(shape: tuple[int, ...], axis: Any) -> bool:
    """Whether a sum over an axis, or several, has at most FEW terms."""
    count, ndim = 1, len(shape)
    if type(axis) is int:
        return -ndim <= axis < ndim and shape[axis] <= FEW
    for a in axis or (None,):
        if type(a) is not int or not -ndim <= a < ndim:
            return False
        count *= shape[a]
    return count <= FEW


def axes_of(ndim: int, axis: Axis) -> tuple[int, ...]:
    """``axis`` as a tuple of numbers in 0..ndim-1; as in NumPy, 0 and -1 name no axis of a 0-d array."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, int | tuple) else np.asarray(axis).tolist()
    if ndim == 0 and axes in (0, -1, (0,), (-1,), [0], [-1]):
        return ()
    try:
        return normalize_axis_tuple(axes, ndim)
    except TypeError:
        raise TypeError(f"axis is an integer, several of them, or None; got {axis!r}") from None


def _in_memory(x: Array, axes: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """The ``axes`` along which NumPy adds in pairs, as one run, and those of the rows, outermost first."""
    strides = [abs(stride) for stride in x.strides]
    order = [a for a in sorted(range(x.ndim), key=lambda a: -strides[a]) if x.shape[a] > 1]
    paired: list[int] = []
    if all(strides[a] for a in order):  # a broadcast axis may lie anywhere
        for a in reversed(order):
            if a not in axes or (paired and strides[a] != strides[paired[-1]] * x.shape[paired[-1]]):
                break
            paired.append(a)
    return paired, [a for a in order if a in axes and a not in paired]


def _in_parts(x: Array, paired: list[int], rows: list[int]) -> Array:
    """The sum over all these axes, kept with length 1, in float64."""
    inner, count = list(paired), 1
    while count * x.shape[rows[-1]] <= FEW:
        count *= x.shape[rows[-1]]
        inner.append(rows.pop())
    long, block = rows[-1], FEW // count
    whole = x.shape[long] // block * block
    before = (slice(None),) * long
    upto, beyond = (*before, slice(whole)), (*before, slice(whole, None))
    body, rest = x[upto], x[beyond]
    split = body.reshape(*x.shape[:long], whole // block, block, *x.shape[long + 1 :])
    within = tuple(a + (a > long) for a in inner)
    parts = np.add.reduce(split, (*within, long + 1), keepdims=True).squeeze(long + 1)
    total = np.add.reduce(parts, tuple(rows), np.float64, keepdims=True)
    if rest.size:
        last = np.add.reduce(rest, (*inner, long), keepdims=True)
        total = total + np.add.reduce(last, tuple(rows), np.float64, keepdims=True)
    return total


def _on_gpu(x: Array, axis: Axis, keepdims: bool, out: Array | None) -> Array:
    axes = axes_of(x.ndim, axis)
    if math.prod([x.shape[a] for a in axes]) <= FEW * GPU_THREADS:
        return xp_of(x).add.reduce(x, axes, None, out, keepdims)
    total: Array = xp_of(x).add.reduce(x, axes, np.float64, None, keepdims)
    if out is None:
        return total.astype(x.dtype)
    out[...] = total
    return out
