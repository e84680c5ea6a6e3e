"""What a child made by fork does not get from its parent: other threads, and the GPU.

Python's own locks are safe: a fork waits until no other thread holds one of ``held``, so that none is
held for ever in the child. What is lost is noted here, and reported where it is needed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Protocol

__all__ = ["check_gpu", "held", "threads_lost"]


class Lock(Protocol):
    def acquire(self) -> object: ...

    def release(self) -> object: ...


held: list[Lock] = []
"""Locks in the order in which a thread takes them: a fork happens while it holds all of them."""

threads_lost = ctypes.c_bool(False)
"""Whether this process is the child of one that had Numba's threads; machine code reads it."""

_taken: list[Lock] = []  # of ``held``, while this process forks
_gpu_lost = False


def check_gpu() -> None:
    """Raise RuntimeError in the child of a process that had used the GPU, which cannot use it again."""
    if _gpu_lost:
        raise RuntimeError(
            "this process was forked from one that had used the GPU, and CUDA does not survive a fork: start "
            'processes by multiprocessing.get_context("spawn"), or fork before anything is on the GPU'
        )


def _acquire() -> None:
    for lock in tuple(held):
        lock.acquire()
        _taken.append(lock)


def _release() -> None:
    while _taken:
        _taken.pop().release()


def _note_losses() -> None:
    global _gpu_lost
    _release()
    numba, cuda = (sys.modules.get(name) for name in ("numba", "minigrad.kernels.cuda.runtime.loading"))
    if numba is not None:
        try:
            numba.threading_layer()
            threads_lost.value = True
        except ValueError:  # its pool was never started
            pass
    if cuda is not None and cuda.device_used():
        _gpu_lost = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_acquire, after_in_parent=_release, after_in_child=_note_losses)
