"""The memory of all programs of a process: they never run at once, so they share one piece."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minigrad.arrays import Array
from minigrad.kernels import forking

ALIGNMENT = 64

lock = threading.RLock()
"""Held during a computation in the shared memory."""
forking.held.insert(0, lock)  # before the launches' lock, as a replay takes them

running = False
"""Whether a program is running: what it calls must not run another one in the same memory."""


class Lifetime(NamedTuple):
    """A buffer of ``size`` bytes that is needed from line ``first`` to line ``last``."""

    size: int
    first: int
    last: int


def plan(lifetimes: Sequence[Lifetime]) -> tuple[list[int], int]:
    """An offset for each buffer so that none that live at once overlap, and the bytes needed in all.

    The largest are placed first, each at the lowest offset that is free all its life.
    """
    offsets = [0] * len(lifetimes)
    placed: list[tuple[int, int, int, int]] = []
    for index in sorted(range(len(lifetimes)), key=lambda i: (-lifetimes[i].size, i)):
        wanted = lifetimes[index]
        size = -(-max(wanted.size, 1) // ALIGNMENT) * ALIGNMENT
        offset = 0
        for start, end, first, last in placed:
            if first <= wanted.last and wanted.first <= last:
                if start - offset >= size:
                    break
                offset = max(offset, end)
        offsets[index] = offset
        placed.append((offset, offset + size, wanted.first, wanted.last))
        placed.sort()
    return offsets, max((end for _, end, _, _ in placed), default=0)


_shared: weakref.ref[Array] | None = None


def shared(size: int) -> Array:
    """The shared memory, of at least ``size`` bytes, aligned. It goes when the last program that has it does.

    A larger piece takes the place of a smaller one; programs then move.
    """
    global _shared
    memory = _shared() if _shared is not None else None
    if memory is None or memory.size < size:
        raw = np.empty(size + ALIGNMENT, np.uint8)
        start = -raw.ctypes.data % ALIGNMENT
        memory = raw[start : start + size]
        _shared = weakref.ref(memory)
    return memory
