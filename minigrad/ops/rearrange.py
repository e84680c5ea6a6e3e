"""Elements in another order or number: pieces, reversals, repetitions, triangles, pixels from channels."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.devices import xp_of
from minigrad.hints import explain_keywords
from minigrad.op import op
from minigrad.ops.shape import broadcast_to, concatenate, getitem, reshape, transpose
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "chunk", "flip", "pixel_shuffle", "pixel_unshuffle", "repeat", "roll", "split", "tile", "tril", "triu",
]  # fmt: skip


@explain_keywords
def split(x: Tensor, size: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Pieces of x along ``axis``, each of length ``size``; the last one has what is left.

    ``size`` may also be the list of the lengths, whose sum is the axis's. As in PyTorch; ``numpy.split``
    takes the number of pieces instead, as ``chunk`` does. Raises ValueError for a size below 1 and for
    lengths that do not add up to the axis's.

    >>> import minigrad as mg
    >>> [piece.shape for piece in mg.ops.split(mg.tensor([1.0, 2.0, 3.0, 4.0, 5.0]), 2)]
    [(2,), (2,), (1,)]
    """
    axis = normalize_axis_index(axis, x.ndim)
    length = x.shape[axis]
    if isinstance(size, Sequence | np.ndarray):
        sizes = [operator.index(part) for part in size]
        if sum(sizes) != length or min(sizes, default=0) < 0:
            raise ValueError(f"split: pieces of {sizes} do not make up axis {axis} of shape {x.shape}")
    else:
        step = operator.index(size)
        if step < 1:
            raise ValueError(f"split: size must be at least 1, got {step}")
        sizes = [min(step, length - start) for start in range(0, max(length, 1), step)]
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return tuple(piece(x, axis, end - part, end) for part, end in zip(sizes, ends, strict=True))


@explain_keywords
def chunk(x: Tensor, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """x in at most ``chunks`` pieces along ``axis``, all of one length but the last, as in PyTorch.

    >>> import minigrad as mg
    >>> [piece.tolist() for piece in mg.ops.chunk(mg.arange(5), 3)]
    [[0, 1], [2, 3], [4]]
    """
    if operator.index(chunks) < 1:
        raise ValueError(f"chunk: chunks must be at least 1, got {chunks}")
    length = x.shape[normalize_axis_index(axis, x.ndim)]
    if length == 0:
        return split(x, [0] * chunks, axis)
    return split(x, -(-length // chunks), axis)


@explain_keywords
def flip(x: Tensor, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """x reversed along ``axis``, one or several; None is all.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1, 2], [3, 4]])
    >>> mg.ops.flip(x).tolist(), mg.ops.flip(x, axis=1).tolist()
    ([[4, 3], [2, 1]], [[2, 1], [4, 3]])
    """
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)
    return getitem(x, index=tuple(slice(None, None, -1 if i in axes else None) for i in range(x.ndim)))


@explain_keywords
def roll(x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """y[(i + shift) % n] = x[i] along ``axis``, one or several; None rolls x.reshape(-1), as in NumPy.

    >>> import minigrad as mg
    >>> mg.ops.roll(mg.arange(5), 2).tolist()
    [3, 4, 0, 1, 2]
    """
    if axis is None:
        return reshape(roll(reshape(x, shape=-1), shift, 0), shape=x.shape)
    axes = tuple(axis) if isinstance(axis, Sequence | np.ndarray) else (axis,)
    shifts = tuple(shift) if isinstance(shift, Sequence | np.ndarray) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes; give as many")
    for by, place in zip(shifts, axes, strict=True):
        at = normalize_axis_index(place, x.ndim)
        length = x.shape[at]
        start = -by % length if length else 0
        if start:
            x = concatenate([piece(x, at, start, length), piece(x, at, 0, start)], at)
    return x


@explain_keywords
def tile(x: Tensor, reps: int | Sequence[int]) -> Tensor:
    """x beside itself, ``reps`` times along each axis, as ``numpy.tile`` (``Tensor.repeat`` of PyTorch).

    >>> import minigrad as mg
    >>> mg.ops.tile(mg.tensor([1, 2]), (2, 2)).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    times = tuple(reps) if isinstance(reps, Sequence | np.ndarray) else (reps,)
    ndim = max(x.ndim, len(times))
    times = (1,) * (ndim - len(times)) + times
    sizes = (1,) * (ndim - x.ndim) + x.shape
    spread = tuple(n for pair in zip(times, sizes, strict=True) for n in pair)
    y = reshape(x, shape=tuple(n for size in sizes for n in (1, size)))
    return reshape(
        broadcast_to(y, shape=spread), shape=tuple(t * n for t, n in zip(times, sizes, strict=True))
    )


@explain_keywords
def repeat(x: Tensor, repeats: int, axis: int | None = None) -> Tensor:
    """Each element ``repeats`` times in a row along ``axis``; None takes x.reshape(-1), as in NumPy.

    >>> import minigrad as mg
    >>> mg.ops.repeat(mg.tensor([1, 2]), 2).tolist()
    [1, 1, 2, 2]
    """
    if axis is None:
        x, axis = reshape(x, shape=-1), 0
    at = normalize_axis_index(axis, x.ndim)
    before, size, after = x.shape[:at], x.shape[at], x.shape[at + 1 :]
    y = broadcast_to(reshape(x, shape=(*before, size, 1, *after)), shape=(*before, size, repeats, *after))
    return reshape(y, shape=(*before, size * repeats, *after))


@op
def tril(x: Array, *, k: int = 0) -> Array:
    """The lower triangle of matrices (..., n, m), zeros above diagonal ``k``.

    Raises ValueError unless x has two axes or more.

    >>> import minigrad as mg
    >>> mg.ops.tril(mg.ones(3, 3, dtype="int64")).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    _check_matrices(x)
    return xp_of(x).tril(x, k)


@op
def triu(x: Array, *, k: int = 0) -> Array:
    """The upper triangle of matrices (..., n, m), zeros below diagonal ``k``.

    Raises ValueError unless x has two axes or more.

    >>> import minigrad as mg
    >>> mg.ops.triu(mg.ones(3, 3, dtype="int64"), k=1).tolist()
    [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """
    _check_matrices(x)
    return xp_of(x).triu(x, k)


tril.vjp(x=lambda g, y, x, *, k: tril(g, k=k))
triu.vjp(x=lambda g, y, x, *, k: triu(g, k=k))


def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """(..., c r^2, h, w) -> (..., c, h r, w r) for a factor r: channels become pixels.

    y[c, h r + i, w r + j] = x[c r^2 + i r + j, h, w] for i, j in 0..r-1. Raises ValueError for other shapes.
    Shi et al. (2016), eq. 4.

    >>> import minigrad as mg
    >>> mg.ops.pixel_shuffle(mg.tensor([[[1]], [[2]], [[3]], [[4]]]), 2).tolist()  # (4, 1, 1) -> (1, 2, 2)
    [[[1, 2], [3, 4]]]
    """
    r = operator.index(upscale_factor)
    if r < 1 or x.ndim < 3 or x.shape[-3] % (r * r):
        raise ValueError(
            f"pixel_shuffle: expected (..., c, h, w) with c divisible by {r * r}, the square of a factor of "
            f"at least 1, got {x.shape}"
        )
    *batch, c, h, w = x.shape
    n = len(batch)
    y = reshape(x, shape=(*batch, c // (r * r), r, r, h, w))
    y = transpose(y, axes=(*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(y, shape=(*batch, c // (r * r), h * r, w * r))


def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """(..., c, h r, w r) -> (..., c r^2, h, w) for a factor r: the inverse of pixel_shuffle; raises as it.

    >>> import minigrad as mg
    >>> mg.ops.pixel_unshuffle(mg.tensor([[[1, 2], [3, 4]]]), 2).tolist()  # (1, 2, 2) -> (4, 1, 1)
    [[[1]], [[2]], [[3]], [[4]]]
    """
    r = operator.index(downscale_factor)
    if r < 1 or x.ndim < 3 or x.shape[-1] % r or x.shape[-2] % r:
        raise ValueError(
            f"pixel_unshuffle: expected (..., c, h, w) with h and w divisible by a factor {r} >= 1, "
            f"got {x.shape}"
        )
    *batch, c, h, w = x.shape
    n = len(batch)
    y = reshape(x, shape=(*batch, c, h // r, r, w // r, r))
    y = transpose(y, axes=(*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(y, shape=(*batch, c * r * r, h // r, w // r))


def piece(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    """x[start:stop:step] along ``axis``, which is not negative."""
    return getitem(x, index=(*(slice(None),) * axis, slice(start, stop, step)))


def _check_matrices(x: Array) -> None:
    if x.ndim < 2:
        raise ValueError(f"x must be (..., n, m), got {x.shape}")
