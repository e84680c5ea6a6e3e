"""The CUDA kernels called with NumPy arrays, wherever they run.

Emulated they take such arrays as they are. On a device each array is copied there with its memory's layout,
and back after the call, so that one test serves both.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from minigrad.kernels import cuda as kernels
from minigrad.kernels.cuda.runtime import loading
from tests.minigrad.kernels.strategies import Array


class Kernels:
    """``minigrad.kernels.cuda``'s functions for NumPy arrays."""

    def __init__(self) -> None:
        self.cupy: ModuleType | None = None
        self.called = set[str]()  # names of kernels

    def __getattr__(self, name: str) -> Any:
        kernel = getattr(kernels, name)
        self.called.add(name)
        return kernel if self.cupy is None else partial(_there_and_back, self.cupy, kernel)


cuda = Kernels()


@contextmanager
def on_device() -> Iterator[ModuleType]:
    """Within the block ``cuda`` computes on the GPU by this CuPy. Raises as ``loading.cupy`` without one."""
    cuda.cupy = loading.cupy()
    try:
        yield cuda.cupy
    finally:
        cuda.cupy = None


def to_device(cupy: ModuleType, a: Array) -> Any:
    """A copy with the strides of ``a``; aligned in any case, since a device takes nothing else."""
    if not a.flags.aligned or a.size == 0:
        return cupy.asarray(np.array(a, order="C"))
    low, high = (int(end) for end in np.lib.array_utils.byte_bounds(a))
    memory = cupy.asarray(np.array((ctypes.c_uint8 * (high - low)).from_address(low)))
    first = a.__array_interface__["data"][0] - low
    return cupy.ndarray(a.shape, a.dtype, memory.data + first, a.strides)


def _of_parts(kind: Any, parts: list[Any]) -> Any:
    """A tuple, list or NamedTuple of the parts."""
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def _there_and_back(cupy: ModuleType, kernel: Any, *arguments: Any, **keywords: Any) -> Any:
    pairs: list[tuple[Array, Any]] = []  # of an array and its copy

    def there(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return _of_parts(type(value), [there(item) for item in value])
        if not isinstance(value, np.ndarray):
            return value
        for own, copy in pairs:
            if own is value:
                return copy
        pairs.append((value, to_device(cupy, value)))
        return pairs[-1][1]

    def back(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(back(item) for item in value)
        for own, copy in pairs:
            if copy is value:
                return own
        return cupy.asnumpy(value) if isinstance(value, cupy.ndarray) else value

    result = kernel(*there(arguments), **{name: there(value) for name, value in keywords.items()})
    for own, copy in pairs:
        if own.flags.writeable:
            own[...] = cupy.asnumpy(copy)
    return back(result)
