"""The functions of the module that minigrad calls, each by NumPy's of the same name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.fake_cupy.arrays import device, host_index, host_of, made, ndarray, quiet

UFUNCS = [
    "abs", "add", "cos", "divide", "equal", "exp", "greater", "greater_equal", "isfinite", "less",
    "less_equal", "log", "log1p", "maximum", "minimum", "multiply", "negative", "not_equal", "power",
    "sign", "sin", "sqrt", "square", "subtract", "tanh", "true_divide",
]  # fmt: skip

__all__ = [  # noqa: PLE0604
    *UFUNCS, "arange", "array", "asarray", "broadcast_to", "concatenate", "empty", "from_dlpack", "full",
    "matmul", "max", "may_share_memory", "min", "ones", "pad", "where", "zeros",
]  # fmt: skip


class ufunc:
    """A NumPy ufunc on the device's arrays."""

    def __init__(self, name: str) -> None:
        self.name, self._ufunc = name, getattr(np, name)

    def __call__(self, *operands: Any, out: ndarray | None = None, dtype: Any = None) -> ndarray:
        return _into(out, self._ufunc, *map(host_of, operands), dtype=dtype)

    def reduce(self, array: ndarray, *options: Any) -> ndarray:
        if self.name != "add":
            raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")
        return array.sum(*options)

    def at(self, array: ndarray, index: Any, values: ndarray) -> None:
        if self.name != "add":
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        np.add.at(array.host, host_index(index, array.shape), values.host)


globals().update({name: ufunc(name) for name in UFUNCS})


@quiet
def _into(out: ndarray | None, function: Callable[..., Any], *operands: Any, **options: Any) -> ndarray:
    if out is None:
        return made(function(*operands, **options))
    function(*operands, out=out.host, **options)
    return out


def _only(array: Any) -> ndarray:
    if not isinstance(array, ndarray):
        raise TypeError(f"Unsupported type {type(array)}")
    return array


def array(obj: Any, dtype: Any = None, order: str = "K") -> ndarray:
    if isinstance(obj, ndarray):
        return ndarray(np.array(obj.host, dtype=dtype, order=order))
    device.writes += 1
    return ndarray(np.array(obj, dtype=dtype, order="C" if order == "K" else order))


def asarray(obj: Any, dtype: Any = None) -> ndarray:
    if isinstance(obj, ndarray) and dtype in (None, obj.dtype):
        return obj
    return array(obj, dtype)


def empty(shape: Any, dtype: Any = float) -> ndarray:
    """Its numbers are NaN, where a device's would be anything."""
    kind = np.dtype(dtype)
    return ndarray(np.full(shape, np.nan if kind.kind == "f" else 77, kind))


def zeros(shape: Any, dtype: Any = float) -> ndarray:
    return ndarray(np.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = float) -> ndarray:
    return ndarray(np.ones(shape, dtype))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> ndarray:
    return ndarray(np.full(shape, host_of(fill_value), dtype))


def arange(*args: Any, dtype: Any = None) -> ndarray:
    return ndarray(np.arange(*args, dtype=dtype))


def from_dlpack(obj: Any) -> ndarray:
    if obj.__dlpack_device__()[0] not in (2, 13):
        raise TypeError("Unsupported device type")
    return obj._view(obj.host) if isinstance(obj, ndarray) else ndarray(obj.host)


def broadcast_to(array: ndarray, shape: Any) -> ndarray:
    return _only(array)._view(np.broadcast_to(array.host, shape))


def concatenate(arrays: Sequence[ndarray], axis: int = 0, out: ndarray | None = None) -> ndarray:
    return _into(out, np.concatenate, [_only(a).host for a in arrays], axis)


def matmul(x: ndarray, y: ndarray, out: ndarray | None = None) -> ndarray:
    return _into(out, np.matmul, _only(x).host, _only(y).host)


def max(array: ndarray, axis: Any = None, keepdims: bool = False) -> ndarray:
    return _only(array).max(axis, keepdims=keepdims)


def min(array: ndarray, axis: Any = None, keepdims: bool = False) -> ndarray:
    return _only(array).min(axis, keepdims=keepdims)


def may_share_memory(x: ndarray, y: ndarray) -> bool:
    return np.may_share_memory(_only(x).host, _only(y).host)


def pad(array: ndarray, pad_width: Any) -> ndarray:
    return made(np.pad(_only(array).host, pad_width))


def where(condition: ndarray, x: Any, y: Any) -> ndarray:
    return made(np.where(_only(condition).host, host_of(x), host_of(y)))
