"""Arrays of either library, NumPy's and CuPy's: which one an array is, and where it lies in memory.

CuPy is imported when the first array is moved to a GPU; until then no array can be one of its.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from minigrad.types import Array


def on_gpu(value: object) -> bool:
    """Whether ``value`` is an array of CuPy's."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, getattr(cupy, "ndarray", ()))


def is_array(value: object) -> bool:
    """Whether ``value`` is an array of either library."""
    return isinstance(value, np.ndarray) or on_gpu(value)


def as_array(result: Any) -> Array:
    """What a function of arrays returned, as an array: NumPy makes a scalar where an array has no axes."""
    return result if on_gpu(result) else np.asarray(result)


def address_of(array: Array) -> int:
    """The address of the first element, in its device's memory."""
    address: int = array.data.ptr if on_gpu(array) else array.__array_interface__["data"][0]  # type: ignore[attr-defined]
    return address


def is_writeable(array: Array) -> bool:
    """Whether each element can be written by itself; CuPy marks no array read-only, nor what it broadcast."""
    if on_gpu(array):
        return all(stride or size <= 1 for stride, size in zip(array.strides, array.shape, strict=True))
    return bool(array.flags.writeable)


def read_only(array: Array) -> Array:
    """A view of ``array`` that cannot be written; ``array`` itself on a GPU, where nothing can be marked."""
    if on_gpu(array) or not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def fits_in_place(array: Array) -> bool:
    """Whether a kernel can update ``array`` where it lies: C-contiguous, writeable and aligned."""
    return bool(array.flags.c_contiguous if on_gpu(array) else array.flags.carray)
