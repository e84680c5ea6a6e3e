"""The array type."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tests.gpu.fake_cupy import cuda
from tests.gpu.fake_cupy.memory import Host, MemoryPointer, alloc, device, launch, refuse_in_capture
from tests.gpu.fake_cupy.streams import send

NUMBERS = (bool, int, float, np.generic)


class Flags(NamedTuple):
    c_contiguous: bool
    f_contiguous: bool
    owndata: bool


def host_of(operand: Any) -> Any:
    """What NumPy computes with in an operand's place; TypeError for what CuPy takes for none."""
    if isinstance(operand, ndarray):
        return operand.host
    if isinstance(operand, NUMBERS):
        return operand
    raise TypeError(f"Unsupported type {type(operand)}")


def empty_like(shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> ndarray:
    """A new array with the strides, if they leave no gaps, else C-contiguous."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    reach = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + np.dtype(dtype).itemsize
    dense = reach == size and all(s > 0 for s in strides)
    return ndarray(shape, dtype, alloc(size), strides if dense else None)


def compute(function: Callable[..., Any], *operands: Any, **options: Any) -> ndarray:
    """A new array of what a kernel makes: what NumPy's function makes of the same operands."""
    with np.errstate(all="ignore"):
        first = np.asarray(function(*operands, **options))
    result = empty_like(first.shape, first.strides, first.dtype)
    host = result.host  # without the array, whose end would free the memory
    launch(lambda: np.copyto(host, function(*operands, **options)), host, *operands)
    return result


def _binary(name: str) -> Callable[[ndarray, Any], ndarray]:
    def operator(self: ndarray, other: Any) -> ndarray:
        return compute(lambda x, y: getattr(x, name)(y), self.host, host_of(other))

    return operator


def _in_place(name: str) -> Callable[[ndarray, Any], ndarray]:
    def operator(self: ndarray, other: Any) -> ndarray:
        x, y = self.host, host_of(other)
        launch(lambda: getattr(x, name)(y), x, y)
        return self

    return operator


def _reduction(name: str) -> Callable[..., ndarray]:
    def method(self: ndarray, axis: Any = None, *args: Any, **options: Any) -> ndarray:
        out = options.pop("out", None)
        if args and name == "sum":
            dtype, out, keepdims = (*args, None, None, False)[:3]
            options |= {"dtype": dtype, "keepdims": keepdims}
        reduce = getattr(np.ndarray, name)
        return into(out, lambda x, **into: reduce(x, axis, **into, **options), self.host)

    return method


def into(out: ndarray | None, function: Callable[..., Any], *operands: Any, **options: Any) -> ndarray:
    """A kernel's result in ``out``, or in a new array."""
    if out is None:
        return compute(function, *operands, **options)
    target = out.host
    launch(lambda: function(*operands, out=target, **options), target, *operands)
    return out


class ndarray:
    """An array "on the device"; ``host`` is its memory, which only this package and tests may touch."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: Any = float,
        memptr: MemoryPointer | None = None,
        strides: tuple[int, ...] | None = None,
    ) -> None:
        dtype = np.dtype(dtype)
        memptr = alloc(math.prod(shape) * dtype.itemsize) if memptr is None else memptr
        raw, self.base = memptr.mem.raw, None
        self.host = np.ndarray(shape, dtype, raw, memptr.ptr - raw.ctypes.data, strides)
        self.memory = memptr.mem

    def _view(self, host: Host) -> ndarray:
        """``host`` as a view of this array."""
        view: ndarray = object.__new__(ndarray)
        view.host, view.base = host, self if self.base is None else self.base
        view.memory = self.memory
        return view

    device = property(lambda self: cuda.Device())
    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    strides = property(lambda self: self.host.strides)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    data = property(lambda self: MemoryPointer(self.memory, self.host.ctypes.data))
    T = property(lambda self: self._view(self.host.T))

    @property
    def flags(self) -> Flags:
        return Flags(self.host.flags.c_contiguous, self.host.flags.f_contiguous, self.base is None)

    # -- copies to the host ------------------------------------------------------------------------

    def get(self, *, order: str = "C", out: Host | None = None, blocking: bool = True) -> Host:
        refuse_in_capture("a copy to the host")
        if not blocking:
            assert out is not None
            send(self.host, out)
            return out
        device.reads += 1
        if out is None:
            return np.array(self.host, order=order)
        np.copyto(out, self.host)
        return out

    def item(self) -> Any:
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __bool__(self) -> bool:
        return bool(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __format__(self, specification: str) -> str:
        return format(self.get(), specification)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        return self.host.__dlpack__(max_version=max_version)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    # -- on the device -----------------------------------------------------------------------------

    def reshape(self, *shape: Any) -> ndarray:
        host = self.host.reshape(*shape)
        if np.may_share_memory(host, self.host) or not self.size:
            return self._view(host)
        return compute(lambda x: x.reshape(*shape), self.host)

    def transpose(self, *axes: Any) -> ndarray:
        return self._view(self.host.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> ndarray:
        return self._view(self.host.swapaxes(axis1, axis2))

    def astype(self, dtype: Any, *, order: str = "K", copy: bool = True) -> ndarray:
        if not copy and self.dtype == dtype:
            return self
        return compute(lambda x: x.astype(dtype, order=order), self.host)

    def copy(self, order: str = "C") -> ndarray:
        return compute(lambda x: x.copy(order), self.host)

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.copy()

    def fill(self, value: Any) -> None:
        host, value = self.host, host_of(value)
        launch(lambda: host.fill(value), host)

    def clip(self, low: Any, high: Any, out: ndarray | None = None) -> ndarray:
        return into(out, np.clip, self.host, host_of(low), host_of(high))

    def round(self, decimals: int = 0) -> ndarray:
        return compute(lambda x: x.round(decimals), self.host)

    sum = _reduction("sum")
    max = _reduction("max")
    min = _reduction("min")
    all = _reduction("all")
    any = _reduction("any")

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator[ndarray]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> ndarray:
        parts = host_index(index, self.shape)
        if any(isinstance(part, np.ndarray) for part in parts):
            return compute(lambda x, *hosts: x[wrapped(parts, x.shape)], self.host, *parts)
        if Ellipsis not in parts:
            parts = (*parts, Ellipsis)  # a view, also where NumPy would make a scalar
        return self._view(self.host[parts])

    def __setitem__(self, index: Any, value: Any) -> None:
        host, parts, value, shape = self.host, host_index(index, self.shape), host_of(value), self.shape
        launch(lambda: host.__setitem__(wrapped(parts, shape), value), host, value, *parts)

    def __neg__(self) -> ndarray:
        return compute(np.negative, self.host)

    def __abs__(self) -> ndarray:
        return compute(np.abs, self.host)

    def __invert__(self) -> ndarray:
        return compute(np.invert, self.host)


for _name in ("add", "sub", "mul", "truediv", "pow", "and", "or"):
    setattr(ndarray, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(ndarray, f"__r{_name}__", _binary(f"__r{_name}__"))
    setattr(ndarray, f"__i{_name}__", _in_place(f"__i{_name}__"))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(ndarray, f"__{_name}__", _binary(f"__{_name}__"))


def host_index(index: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The index of a host array of ``shape``; of bools, the host reads how many are true."""
    parts = list(index) if isinstance(index, tuple) else [index]
    for part in parts:
        if isinstance(part, np.ndarray | list):
            raise TypeError(f"an index of type {type(part).__name__} would be copied to the device unasked")
    hosts = tuple(part.host if isinstance(part, ndarray) else part for part in parts)
    if any(isinstance(part, np.ndarray) and part.dtype.kind == "b" for part in hosts):
        refuse_in_capture("an index of bools, whose number the host reads,")
    return hosts


def wrapped(parts: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The index with arrays of integers wrapped around, as CuPy's are."""
    result = list(parts)
    axes = [_axes_of(part) for part in parts]
    axis = 0
    for place, part in enumerate(parts):
        if isinstance(part, np.ndarray) and part.dtype.kind != "b":
            result[place] = part % max(1, shape[axis])
        axis += len(shape) - sum(axes) if part is Ellipsis else axes[place]
    return tuple(result)


def _axes_of(part: Any) -> int:
    """How many axes a part of an index takes; an ellipsis takes those that are left."""
    if isinstance(part, np.ndarray):
        return part.ndim if part.dtype.kind == "b" else 1
    return 0 if part is None or part is Ellipsis else 1
