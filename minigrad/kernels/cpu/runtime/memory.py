"""Memory for results that begins at a cache line, as a replay's does; NumPy's begins 16 bytes behind one."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from minigrad.kernels.cpu.runtime.caches import CACHE_LINE
from minigrad.types import Array

__all__ = ["aligned"]


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """A new array with arbitrary content. It takes a microsecond, which large work repays.

    Elsewhere, vectors lie across two lines when they are stored, and threads that write neighbouring columns
    take lines from each other's cores.
    """
    memory = np.empty(math.prod(shape) * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -ctypes.addressof(ctypes.c_char.from_buffer(memory.data)) % CACHE_LINE
    return np.ndarray(shape, dtype, memory, start)
