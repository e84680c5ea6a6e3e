"""The memory of all programs of a process: they never run at once, so they share one piece."""

from __future__ import annotations

import threading
import weakref

import numpy as np

from minigrad.kernels import forking
from minigrad.types import Array

ALIGNMENT = 64

lock = threading.RLock()
"""Held during a computation in the shared memory."""
forking.held.insert(0, lock)  # before the launches' lock, as a replay takes them

running = False
"""Whether a program is running: what it calls must not run another one in the same memory."""

_shared: weakref.ref[Array] | None = None


def shared(size: int) -> Array:
    """The shared memory, of at least ``size`` bytes, aligned; it is freed with the last program that uses it.

    A larger piece replaces a smaller one, and each program then finds new places for its arrays.
    """
    global _shared
    memory = _shared() if _shared is not None else None
    if memory is None or memory.size < size:
        raw = np.empty(size + ALIGNMENT, np.uint8)
        start = -raw.ctypes.data % ALIGNMENT
        memory = raw[start : start + size]
        _shared = weakref.ref(memory)
    return memory
