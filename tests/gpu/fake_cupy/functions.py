"""The functions of the module that minigrad calls, each by NumPy's of the same name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.gpu.fake_cupy.arrays import compute, empty_like, host_index, host_of, into, ndarray, wrapped
from tests.gpu.fake_cupy.memory import device, launch, refuse_in_capture

UFUNCS = [
    "abs", "add", "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "cos", "divide", "equal", "exp",
    "expm1", "floor", "floor_divide", "greater", "greater_equal", "invert", "isfinite", "isinf", "isnan",
    "left_shift", "less", "less_equal", "log", "log1p", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "multiply", "negative", "not_equal", "power", "remainder",
    "right_shift", "sign", "signbit", "sin", "sqrt", "square", "subtract", "tanh", "true_divide",
]  # fmt: skip

__all__ = [  # noqa: PLE0604
    *UFUNCS, "all", "any", "arange", "argmax", "argmin", "array", "asarray", "broadcast_to",
    "concatenate", "cumsum", "empty", "from_dlpack", "full", "isclose", "matmul", "max",
    "may_share_memory", "min", "ones", "pad", "tril", "triu", "where", "zeros",
]  # fmt: skip


class ufunc:
    """A NumPy ufunc on the device's arrays."""

    def __init__(self, name: str) -> None:
        self.name, self._ufunc = name, getattr(np, name)

    def __call__(self, *operands: Any, out: ndarray | None = None, dtype: Any = None) -> ndarray:
        return into(out, self._ufunc, *map(host_of, operands), dtype=dtype)

    def reduce(self, array: ndarray, *options: Any) -> ndarray:
        if self.name != "add":
            raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")
        return array.sum(*options)

    def at(self, array: ndarray, index: Any, values: ndarray) -> None:
        if self.name != "add":
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        host, parts, added, shape = array.host, host_index(index, array.shape), values.host, array.shape
        launch(lambda: np.add.at(host, wrapped(parts, shape), added), host, added, *parts)


globals().update({name: ufunc(name) for name in UFUNCS})


def _only(array: Any) -> ndarray:
    if not isinstance(array, ndarray):
        raise TypeError(f"Unsupported type {type(array)}")
    return array


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> ndarray:
    return compute(lambda x, y: np.isclose(x, y, rtol, atol, equal_nan), host_of(a), host_of(b))


def array(obj: Any, dtype: Any = None, *, order: str = "K") -> ndarray:
    if isinstance(obj, ndarray):
        return compute(lambda x: np.array(x, dtype=dtype, order=order), obj.host)
    refuse_in_capture("a copy from the host")
    host = np.array(obj, dtype=dtype, order="C" if order == "K" else order)
    device.writes += 1
    device.written += host.nbytes
    copy = empty_like(host.shape, host.strides, host.dtype)
    copy.host[...] = host
    return copy


def asarray(obj: Any, dtype: Any = None) -> ndarray:
    if isinstance(obj, ndarray) and dtype in (None, obj.dtype):
        return obj
    return array(obj, dtype)


def empty(shape: Any, dtype: Any = float) -> ndarray:
    """Its numbers are NaN or -1, where a device's would be anything."""
    return ndarray(np.empty(shape, np.dtype(dtype)).shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> ndarray:
    return compute(lambda value: np.full(shape, value, dtype), host_of(fill_value))


def zeros(shape: Any, dtype: Any = float) -> ndarray:
    return compute(lambda: np.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = float) -> ndarray:
    return compute(lambda: np.ones(shape, dtype))


def arange(*args: Any, dtype: Any = None) -> ndarray:
    return compute(lambda: np.arange(*args, dtype=dtype))


def from_dlpack(obj: Any) -> ndarray:
    if obj.__dlpack_device__()[0] not in (2, 13):
        raise TypeError("Unsupported device type")
    if isinstance(obj, ndarray):
        return obj._view(obj.host)
    view: ndarray = object.__new__(ndarray)
    view.host, view.base, view.memory = obj.host, None, None
    return view


def broadcast_to(array: ndarray, shape: Any) -> ndarray:
    return _only(array)._view(np.broadcast_to(array.host, shape))


def concatenate(arrays: Sequence[ndarray], axis: int = 0, out: ndarray | None = None) -> ndarray:
    if len(arrays) > 8:
        refuse_in_capture("a concatenation of more than 8 arrays, whose addresses CuPy sends,")
    hosts = [_only(a).host for a in arrays]
    return into(out, lambda *hosts, **options: np.concatenate(hosts, axis, **options), *hosts)


def matmul(x: ndarray, y: ndarray, out: ndarray | None = None) -> ndarray:
    refuse_in_capture("cuBLAS", NotImplementedError)
    return into(out, np.matmul, _only(x).host, _only(y).host)


def max(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return _only(array).max(axis, keepdims=keepdims)


def min(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return _only(array).min(axis, keepdims=keepdims)


def all(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return _only(array).all(axis, keepdims=keepdims)


def any(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return _only(array).any(axis, keepdims=keepdims)


def argmax(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return compute(np.argmax, _only(array).host, axis=axis, keepdims=keepdims)


def argmin(array: ndarray, axis: Any = None, *, keepdims: bool = False) -> ndarray:
    return compute(np.argmin, _only(array).host, axis=axis, keepdims=keepdims)


def cumsum(array: ndarray, axis: Any = None, out: ndarray | None = None) -> ndarray:
    return into(out, np.cumsum, _only(array).host, axis=axis)


def tril(array: ndarray, k: int = 0) -> ndarray:
    return compute(np.tril, _only(array).host, k)


def triu(array: ndarray, k: int = 0) -> ndarray:
    return compute(np.triu, _only(array).host, k)


def may_share_memory(x: ndarray, y: ndarray) -> bool:
    return np.may_share_memory(_only(x).host, _only(y).host)


def pad(array: ndarray, pad_width: Any, *, constant_values: float = 0) -> ndarray:
    return compute(lambda x: np.pad(x, pad_width, constant_values=constant_values), _only(array).host)


def where(condition: ndarray, x: Any, y: Any) -> ndarray:
    return compute(np.where, _only(condition).host, host_of(x), host_of(y))
