"""Many arrays copied at once: side by side in one piece of memory, and to the host without waiting."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.captures.layout import place
from minigrad.captures.memory import ALIGNMENT
from minigrad.types import Array

Layouts = Sequence[tuple[tuple[int, ...], np.dtype[Any]]]

KEPT = 2
"""Copies that may be under way."""


class Packed:
    """Arrays of the given shapes and dtypes in one piece of memory, each C-contiguous, on one device."""

    def __init__(self, layouts: Layouts, xp: Any) -> None:
        self._layouts = layouts
        self._offsets, size = [], 0
        for shape, dtype in layouts:
            self._offsets.append(size)
            size += -(-math.prod(shape) * dtype.itemsize // ALIGNMENT) * ALIGNMENT
        self.memory: Array = xp.empty(max(size, 1), np.uint8)
        self.arrays = self.views(self.memory)

    def copies(self) -> list[Array]:
        """The arrays in new memory, copied at once."""
        return self.views(self.memory.copy())

    def views(self, memory: Array) -> list[Array]:
        """The arrays as they lie in ``memory``."""
        return [
            place(memory, offset, shape, _strides(shape, dtype.itemsize), dtype)
            for (shape, dtype), offset in zip(self._layouts, self._offsets, strict=True)
        ]


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    return tuple([itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape))])


class HostCopies:
    """Arrays on the GPU, ``packed``, and their repeated copies to page-locked memory of the host."""

    def __init__(self, layouts: Layouts, xp: Any) -> None:
        self.packed = Packed(layouts, xp)
        self._xp = xp
        self._memories: list[Array] = []
        self._sent: list[tuple[Array, Any]] = []

    def send(self) -> None:
        """Begin to copy the arrays after all work so far; call ``check`` before."""
        if not self._memories:
            self._memories = [self._page_locked() for _ in range(KEPT)]
        memory, event = self._memories.pop(0), self._xp.cuda.Event(disable_timing=True)
        there: Any = self.packed.memory
        there.get(out=memory, blocking=False)
        event.record()
        self._sent.append((memory, event))
        self._memories.append(memory)

    def check(self, function: Callable[[list[Array]], None], *, wait_for_all: bool = False) -> None:
        """Wait for all copies but the last, or for all, and call ``function`` with the arrays of each."""
        while len(self._sent) >= (1 if wait_for_all else KEPT):
            memory, event = self._sent.pop(0)
            event.synchronize()
            function(self.packed.views(memory))

    def _page_locked(self) -> Array:
        size = self.packed.memory.size
        return np.frombuffer(self._xp.cuda.alloc_pinned_memory(size), np.uint8, size)
