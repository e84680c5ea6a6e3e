"""What an op makes of its arguments: Tensors, arrays of one dtype, and ``out`` as its kernel takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.arrays import as_array, on_gpu
from minigrad.devices import xp_of
from minigrad.registry import registry
from minigrad.tensor import FLOATS, Tensor, holds_tensors
from minigrad.types import Array


def as_tensors(args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """Tensors of the arguments; a Python number takes dtype and device of the Tensors beside it."""
    like, beside = None, None
    for arg in args:
        if isinstance(arg, Tensor):
            dtype = arg._data.dtype
            if beside is None:
                beside = arg._data
            if dtype.kind == "f":
                like = dtype
                break
            if like is None and dtype.kind != "b":
                like = dtype
    return tuple([arg if isinstance(arg, Tensor) else _constant(arg, like, beside) for arg in args])


def _constant(value: Any, like: np.dtype[Any] | None, beside: Array | None) -> Tensor:
    """A leaf of ``value``: numbers and lists have no device and go where ``beside`` is, arrays stay.

    A list that holds Tensors, at any depth, is no leaf: it is their stack.
    """
    if isinstance(value, list | tuple) and holds_tensors(value):
        return _stacked(value)
    if on_gpu(value):
        return Tensor(value)
    array = _host_constant(value, like)
    if beside is None or not on_gpu(beside) or isinstance(value, np.ndarray):
        return Tensor(array)
    xp = xp_of(beside)
    # a kernel fills it: nothing is copied from the host, which waits for nothing
    return Tensor(xp.asarray(array) if array.ndim else xp.full((), array.item(), array.dtype))


def _stacked(values: Sequence[Any]) -> Tensor:
    """The stack of ``values`` along a new first axis; lists among them are stacked first."""
    parts = as_tensors(tuple(values))
    shapes = [part.shape for part in parts]
    if len(set(shapes)) > 1:
        raise ValueError(
            "a list of Tensors is their stack, whose parts have one shape, got "
            f"{', '.join(map(str, shapes))}; join them by minigrad.ops.concatenate"
        )
    joined: Tensor = registry["join"](
        *[registry["reshape"](part, shape=(1, *part.shape)) for part in parts], axis=0
    )
    return joined


def _host_constant(value: Any, like: np.dtype[Any] | None) -> Array:
    if isinstance(value, int) and not isinstance(value, bool):
        return _host_integer(value, np.dtype(np.int64) if like is None else like)
    if isinstance(value, bool | float):
        if like is not None and like.kind == "f" and not isinstance(value, bool):
            return np.asarray(value, dtype=like)
        return np.asarray(value, dtype=np.float32 if isinstance(value, float) else None)
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError(f"expected a Tensor, an array or a number, got {type(value).__name__}")
    if isinstance(value, list | tuple) and array.dtype == np.float64:
        array = array.astype(like or np.float32)
    return array


def _host_integer(value: int, dtype: np.dtype[Any]) -> Array:
    try:
        return np.asarray(value, dtype=dtype)
    except OverflowError:
        number = str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
        if dtype.kind == "f":
            raise ValueError(f"{number} is too large for {dtype}; scale the numbers down") from None
        limits = np.iinfo(dtype)
        raise ValueError(
            f"{number} does not fit into {dtype} ({limits.min}..{limits.max}); convert the Tensor beside it "
            "first, as in x.astype('float32')"
        ) from None


def of_one_float(arrays: Sequence[Array]) -> bool:
    """Whether all arrays have one float dtype and come from one library."""
    if not arrays:
        return False
    dtype, library = arrays[0].dtype, type(arrays[0])
    for a in arrays:
        if a.dtype is not dtype or type(a) is not library:
            return False
    return dtype.char in FLOATS


def harmonised(arrays: Sequence[Array]) -> Sequence[Array]:
    """The arrays with one float dtype: the widest among the floats; integers beside them follow."""
    floats = [a.dtype for a in arrays if a.dtype.char in FLOATS]
    if not floats:
        return arrays
    common = np.result_type(*floats)
    return [a if a.dtype == common or a.dtype == bool else a.astype(common) for a in arrays]


def default_float(result: Any) -> Any:
    """``result`` as an array; a float one as float32, minigrad's default, where NumPy would give float64."""
    array = as_array(result)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def kernel_out(out: tuple[Array, tuple[Array, ...]] | None) -> tuple[Array, ...] | None:
    """``out`` of a forward function that saves arrays, as a kernel takes it: all arrays in one tuple."""
    return None if out is None else (out[0], *out[1])
