"""The array type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tests.fake_cupy import cuda

Host = np.ndarray[Any, np.dtype[Any]]

quiet = np.errstate(all="ignore")  # a device warns of nothing
NUMBERS = (bool, int, float, np.generic)


class Device:
    """How often arrays were copied between the host and the device."""

    def __init__(self) -> None:
        self.reads = self.writes = 0

    def reset(self) -> None:
        self.reads = self.writes = 0


device = Device()


class Flags(NamedTuple):
    c_contiguous: bool
    f_contiguous: bool
    owndata: bool


class Pointer(NamedTuple):
    ptr: int


def host_of(operand: Any) -> Any:
    """What NumPy computes with in an operand's place; TypeError for what CuPy takes for none."""
    if isinstance(operand, ndarray):
        return operand.host
    if isinstance(operand, NUMBERS):
        return operand
    raise TypeError(f"Unsupported type {type(operand)}")


def made(result: Any) -> ndarray:
    """A new array of what NumPy made."""
    return ndarray(np.asarray(result))


def _binary(name: str) -> Callable[[ndarray, Any], ndarray]:
    @quiet
    def operator(self: ndarray, other: Any) -> ndarray:
        return made(getattr(self.host, name)(host_of(other)))

    return operator


def _in_place(name: str) -> Callable[[ndarray, Any], ndarray]:
    @quiet
    def operator(self: ndarray, other: Any) -> ndarray:
        getattr(self.host, name)(host_of(other))
        return self

    return operator


def _reduction(name: str) -> Callable[..., ndarray]:
    @quiet
    def method(self: ndarray, axis: Any = None, *args: Any, **options: Any) -> ndarray:
        out = options.pop("out", None)
        if args and name == "sum":
            dtype, out, keepdims = (*args, None, None, False)[:3]
            options |= {"dtype": dtype, "keepdims": keepdims}
        result = getattr(self.host, name)(axis, out=None if out is None else out.host, **options)
        return made(result) if out is None else out

    return method


class ndarray:
    """An array "on the device"; ``host`` is its memory, which only this package and tests may touch."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: Host, base: ndarray | None = None) -> None:
        self.host, self.base = host, base

    def _view(self, host: Host) -> ndarray:
        """``host`` as a view of this array, or as a new one where NumPy had to copy."""
        if not np.may_share_memory(host, self.host):
            return ndarray(host)
        return ndarray(host, self if self.base is None else self.base)

    device = property(lambda self: cuda.Device())
    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    strides = property(lambda self: self.host.strides)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    data = property(lambda self: Pointer(self.host.ctypes.data))
    T = property(lambda self: self._view(self.host.T))

    @property
    def flags(self) -> Flags:
        return Flags(self.host.flags.c_contiguous, self.host.flags.f_contiguous, self.base is None)

    # -- copies to the host ------------------------------------------------------------------------

    def get(self, order: str = "C") -> Host:
        device.reads += 1
        return np.array(self.host, order=order)

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

    def __index__(self) -> int:
        return self.get().__index__()

    def __repr__(self) -> str:
        return repr(self.get())

    def __format__(self, specification: str) -> str:
        return format(self.get(), specification)

    def __dlpack__(self, **options: Any) -> Any:
        return self.host.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    # -- on the device -----------------------------------------------------------------------------

    def reshape(self, *shape: Any) -> ndarray:
        return self._view(self.host.reshape(*shape))

    def transpose(self, *axes: Any) -> ndarray:
        return self._view(self.host.transpose(*axes))

    def astype(self, dtype: Any, order: str = "K", copy: bool = True) -> ndarray:
        if not copy and self.dtype == dtype:
            return self
        return ndarray(self.host.astype(dtype, order=order))

    def copy(self, order: str = "C") -> ndarray:
        return ndarray(self.host.copy(order))

    def fill(self, value: Any) -> None:
        self.host.fill(host_of(value))

    def clip(self, low: Any, high: Any, out: ndarray | None = None) -> ndarray:
        result = self.host.clip(host_of(low), host_of(high), out=None if out is None else out.host)
        return made(result) if out is None else out

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
        if not any(part is Ellipsis or isinstance(part, np.ndarray) for part in parts):
            parts = (*parts, Ellipsis)  # a view, also where NumPy would make a scalar
        return self._view(self.host[parts])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.host[host_index(index, self.shape)] = host_of(value)

    def __neg__(self) -> ndarray:
        return made(-self.host)

    def __abs__(self) -> ndarray:
        return made(abs(self.host))

    def __invert__(self) -> ndarray:
        return made(~self.host)


for _name in ("add", "sub", "mul", "truediv", "pow", "and", "or"):
    setattr(ndarray, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(ndarray, f"__r{_name}__", _binary(f"__r{_name}__"))
    setattr(ndarray, f"__i{_name}__", _in_place(f"__i{_name}__"))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(ndarray, f"__{_name}__", _binary(f"__{_name}__"))


def host_index(index: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The index of a host array of ``shape``; arrays of integers wrap around, as CuPy's do."""
    parts = list(index) if isinstance(index, tuple) else [index]
    for part in parts:
        if isinstance(part, np.ndarray | list):
            raise TypeError(f"an index of type {type(part).__name__} would be copied to the device unasked")
    parts = [part.host if isinstance(part, ndarray) else part for part in parts]
    axes = [_axes_of(part) for part in parts]
    axis = 0
    for place, part in enumerate(parts):
        if isinstance(part, np.ndarray) and part.dtype.kind != "b":
            parts[place] = part % max(1, shape[axis])
        axis += len(shape) - sum(axes) if part is Ellipsis else axes[place]
    return tuple(parts)


def _axes_of(part: Any) -> int:
    """How many axes a part of an index takes; an ellipsis takes those that are left."""
    if isinstance(part, np.ndarray):
        return part.ndim if part.dtype.kind == "b" else 1
    return 0 if part is None or part is Ellipsis else 1
