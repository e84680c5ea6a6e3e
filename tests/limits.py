"""Blocks that may not take for ever, nor much memory: a regression fails in them instead of hanging."""

from __future__ import annotations

import resource
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class TooLongError(BaseException):
    """Not an Exception, so that nothing under test mistakes it for one of its own."""


@contextmanager
def time_limit(seconds: int = 60) -> Iterator[None]:
    """The block ends within ``seconds``, also one that waits in a system call."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TooLongError(f"takes more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def memory_limit(megabytes: int) -> Iterator[None]:
    """The block gets no more memory than ``megabytes`` beyond what the process has, else a MemoryError."""
    if not Path("/proc/self/statm").exists():  # no Linux
        yield
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + megabytes * 2**20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def few_allocations(megabytes: float) -> Iterator[None]:
    """Python and NumPy hold at most ``megabytes`` more at any moment of the block."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 2**20, f"{peak / 2**20:.0f} MiB"
