"""Shape and indexing ops; each derivative is another op of this file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.arrays import is_array, on_gpu
from minigrad.devices import device_of, to_device, xp_of
from minigrad.hints import explain_keywords
from minigrad.op import op
from minigrad.ops.sums import FEW, summed
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "broadcast_to", "concatenate", "expand_dims", "flatten", "getitem", "reshape", "scatter", "squeeze",
    "stack", "swapaxes", "transpose",
]  # fmt: skip
INTERNAL = ["join", "pad_constant", "sum_to"]


@op(view=True)
def reshape(x: Array, *, shape: int | Sequence[int]) -> Array:
    """x with another shape of the same size; one length may be -1.

    >>> import minigrad as mg
    >>> mg.ops.reshape(mg.arange(6), shape=(2, -1)).tolist()
    [[0, 1, 2], [3, 4, 5]]
    """
    return x.reshape(shape)


reshape.vjp(x=lambda g, y, x, *, shape: reshape(g, shape=x.shape))


@op(view=True)
def transpose(x: Array, *, axes: int | Sequence[int] | None = None) -> Array:
    """x with its axes permuted: axis i of the result is axis axes[i] of x; None reverses them.

    >>> import minigrad as mg
    >>> mg.ops.transpose(mg.zeros(2, 3, 4), axes=(0, 2, 1)).shape
    (2, 4, 3)
    """
    return x.transpose(axes)


def _transpose_x(g: Tensor, y: Tensor, x: Tensor, *, axes: int | Sequence[int] | None) -> Tensor:
    if isinstance(axes, int | np.integer):
        axes = (int(axes),)
    inverse = None if axes is None else [int(i) for i in np.argsort([a % x.ndim for a in axes])]
    return transpose(g, axes=inverse)


transpose.vjp(x=_transpose_x)


@op(view=True)
def broadcast_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    """x repeated to ``shape`` by NumPy's broadcasting rules.

    >>> import minigrad as mg
    >>> mg.ops.broadcast_to(mg.tensor([[1], [2]]), shape=(2, 3)).tolist()
    [[1, 1, 1], [2, 2, 2]]
    """
    return xp_of(x).broadcast_to(x, shape)


broadcast_to.vjp(x=lambda g, y, x, *, shape: sum_to(g, shape=x.shape))


@op(view=True)
def sum_to(x: Array, *, shape: tuple[int, ...], out: Array | None = None) -> Array:
    """x summed over the axes that broadcasting from ``shape`` would have added or repeated."""
    lead = x.ndim - len(shape)
    if lead < 0 or any(size not in (1, n) for size, n in zip(shape, x.shape[lead:], strict=True)):
        raise ValueError(f"{shape} does not broadcast to {x.shape}")
    axes = tuple(range(lead)) + tuple(
        i + lead for i, size in enumerate(shape) if size == 1 and x.shape[i + lead] != 1
    )
    if not axes:
        return x.reshape(shape)
    y = None if out is None else out.reshape((1,) * lead + shape)
    return summed(x, axes, True, y).reshape(shape)


sum_to.vjp(x=lambda g, y, x, *, shape: broadcast_to(g, shape=x.shape))


@op(view=True)
def getitem(x: Array, *, index: Any) -> tuple[Array, tuple[Any]]:
    """x[index], with NumPy's basic, integer-array and bool-array indexing; an index may be a Tensor.

    The index is saved. An array is copied, since it may be refilled before the gradient is computed.
    For x on a GPU, index arrays of the CPU are checked and moved there; those that are there already are not
    checked: one that is out of range wraps around, as in CuPy. Raises IndexError for a place that x does not
    have, ValueError for an index on a GPU into an x on the CPU.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> mg.ops.getitem(x, index=[2, 0]).tolist(), mg.grad(mg.ops.sum(x[[0, 0, 2]]), [x])[0].tolist()
    ([3.0, 1.0], [2.0, 0.0, 1.0])
    """
    frozen = _frozen(index, x)
    return x[frozen], (frozen,)


def _getitem_x(g: Tensor, y: Tensor, x: Tensor, *, index: Any) -> Tensor:
    assert y.saved is not None
    return scatter(g, index=y.saved[0], shape=x.shape)


getitem.vjp(x=_getitem_x)


@op
def scatter(x: Array, *, index: Any, shape: tuple[int, ...], out: Array | None = None) -> Array:
    """Zeros of ``shape`` with x added at ``index``; a place named twice gets the sum. The adjoint of getitem.

    On a GPU CuPy adds to such a place in no fixed order: the last bits may differ between calls. Raises as
    getitem.

    >>> import minigrad as mg
    >>> mg.ops.scatter(mg.tensor([1.0, 2.0, 4.0]), index=[0, 0, 2], shape=(3,)).tolist()
    [3.0, 0.0, 4.0]
    """
    y = xp_of(x).empty(shape, x.dtype) if out is None else out
    y.fill(0)
    index = _frozen(index, y)
    if _is_basic(index):
        y[index] = x
    elif x.dtype.char == "f" and _most_repeats(index) > FEW:
        wide = xp_of(x).zeros(shape, np.float64)
        xp_of(x).add.at(wide, index, x.astype(np.float64))
        y[...] = wide
    else:
        xp_of(x).add.at(y, index, x)
    return y


def _most_repeats(index: Any) -> int:
    """The most often that the index can name one place: the number of elements of its integer arrays."""
    parts = index if isinstance(index, tuple) else (index,)
    return max((part.size for part in parts if is_array(part) and part.dtype.kind in "iu"), default=1)


scatter.vjp(x=lambda g, y, x, *, index, shape: getitem(g, index=index))


@op
def pad_constant(x: Array, *, pad_width: Any, value: float = 0.0) -> Array:
    """x with ``value`` around it; ``pad_width`` as in numpy.pad: (before, after) for each axis or for all."""
    return xp_of(x).pad(x, pad_width, constant_values=value)


def _pad_constant_x(g: Tensor, y: Tensor, x: Tensor, *, pad_width: Any, value: float) -> Tensor:
    before = np.broadcast_to(pad_width, (x.ndim, 2))[:, 0]
    return getitem(
        g, index=tuple(slice(int(b), int(b) + size) for b, size in zip(before, x.shape, strict=True))
    )


pad_constant.vjp(x=_pad_constant_x)


@explain_keywords
def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """The Tensors one behind the other along ``axis``. Raises TypeError if Tensors are given one by one.

    >>> import minigrad as mg
    >>> mg.ops.concatenate([mg.zeros(2, 3), mg.ones(1, 3)]).shape
    (3, 3)
    """
    _check_one_list("concatenate", axis)
    return join(*tensors, axis=axis)


@op
def join(*tensors: Array, axis: int, out: Array | None = None) -> Array:
    """The arguments one behind the other along ``axis``; ``concatenate`` takes them as one sequence."""
    if on_gpu(tensors[0]):
        tensors = _joined_by_few(tensors, axis)
    return xp_of(tensors[0]).concatenate(tensors, axis, out=out)


def _joined_by_few(arrays: tuple[Array, ...], axis: int) -> tuple[Array, ...]:
    """At most 8 arrays. Of more, CuPy copies the addresses from the host, which no CUDA graph can repeat."""
    while len(arrays) > 8:
        joined = [xp_of(arrays[0]).concatenate(arrays[i : i + 8], axis) for i in range(0, len(arrays), 8)]
        arrays = tuple(joined)
    return arrays


def _join_tensor(g: Tensor, y: Tensor, *tensors: Tensor, position: int, axis: int) -> Tensor:
    axis = axis % y.ndim
    start = sum(t.shape[axis] for t in tensors[:position])
    index = (slice(None),) * axis + (slice(start, start + tensors[position].shape[axis]),)
    return getitem(g, index=index)


join.vjp(tensors=_join_tensor)


@explain_keywords
def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """The Tensors, all of one shape, along a new ``axis``. Raises TypeError if they are given one by one.

    >>> import minigrad as mg
    >>> mg.ops.stack([mg.tensor([1, 2]), mg.tensor([3, 4])], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    _check_one_list("stack", axis)
    return concatenate([expand_dims(t, axis) for t in tensors], axis)


def _check_one_list(name: str, axis: Any) -> None:
    if not isinstance(axis, int | np.integer):
        raise TypeError(
            f"{name}() takes the Tensors in one list, then the axis: write {name}([x, y], axis=0)"
        )


@explain_keywords
def expand_dims(x: Tensor, axis: int) -> Tensor:
    """x with a new axis of length 1 at ``axis`` of the result.

    >>> import minigrad as mg
    >>> mg.ops.expand_dims(mg.zeros(2, 3), 0).shape, mg.ops.expand_dims(mg.zeros(2, 3), -1).shape
    ((1, 2, 3), (2, 3, 1))
    """
    at = normalize_axis_index(axis, x.ndim + 1)
    return reshape(x, shape=(*x.shape[:at], 1, *x.shape[at:]))


@explain_keywords
def squeeze(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """x without the axes in ``axis``, one or several, which have length 1; None is every such axis.

    Raises ValueError for an axis of another length.

    >>> import minigrad as mg
    >>> x = mg.zeros(1, 3, 1)
    >>> mg.ops.squeeze(x).shape, mg.ops.squeeze(x, 0).shape
    ((3,), (3, 1))
    """
    if axis is None:
        return reshape(x, shape=tuple(size for size in x.shape if size != 1))
    axes = normalize_axis_tuple(axis, x.ndim)
    for at in axes:
        if x.shape[at] != 1:
            raise ValueError(f"squeeze: axis {at} of shape {x.shape} has length {x.shape[at]}, not 1")
    return reshape(x, shape=tuple(size for at, size in enumerate(x.shape) if at not in axes))


@explain_keywords
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    """x with two axes exchanged.

    >>> import minigrad as mg
    >>> mg.ops.swapaxes(mg.zeros(2, 3, 4), 0, -1).shape
    (4, 3, 2)
    """
    axes = list(range(x.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return transpose(x, axes=axes)


@explain_keywords
def flatten(x: Tensor, start_axis: int = 1) -> Tensor:
    """x with the axes from ``start_axis`` on merged into one: (n, c, h, w) -> (n, c h w).

    >>> import minigrad as mg
    >>> mg.ops.flatten(mg.zeros(8, 3, 4, 4)).shape
    (8, 48)
    """
    return reshape(x, shape=(*x.shape[:start_axis], math.prod(x.shape[start_axis:])))


def _frozen(index: Any, x: Array) -> Any:
    """``index`` for x, its lists, Tensors and arrays as arrays of its own on x's device."""
    own = tuple(map(_copied, index)) if isinstance(index, tuple) else _copied(index)
    parts = own if isinstance(own, tuple) else (own,)
    arrays = [part for part in parts if is_array(part)]
    elsewhere = [a for a in arrays if device_of(a) != device_of(x)]
    if not elsewhere:
        return own
    if not on_gpu(x):
        raise ValueError("an index on cuda cannot pick from a Tensor on cpu; move one of them by .to(device)")
    if len(elsewhere) == len(arrays):
        np.broadcast_to(np.False_, x.shape)[own]  # an IndexError, where CuPy would wrap around
    moved = tuple(to_device(part, "cuda") if is_array(part) else part for part in parts)
    return moved if isinstance(own, tuple) else moved[0]


def _copied(index: Any) -> Any:
    if isinstance(index, Tensor):
        index = index.data
    if isinstance(index, list):
        array = np.array(index)
        return array if array.size else array.astype(np.intp)
    return index.copy() if is_array(index) else index


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is Ellipsis or (isinstance(p, slice | int | np.integer) and not isinstance(p, bool))
        for p in parts
    )
