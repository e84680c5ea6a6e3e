"""Copies of numbers from a GPU to the host, without the host waiting for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.arrays import Array
from minigrad.capturing.layout import Layouts, Packed

KEPT = 2
"""Copies that may be under way."""


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
        """Call ``function`` with the arrays of all copies but the last, or of all; waits for these."""
        while len(self._sent) >= (1 if wait_for_all else KEPT):
            memory, event = self._sent.pop(0)
            event.synchronize()
            function(self.packed.views(memory))

    def _page_locked(self) -> Array:
        size = self.packed.memory.size
        return np.frombuffer(self._xp.cuda.alloc_pinned_memory(size), np.uint8, size)
