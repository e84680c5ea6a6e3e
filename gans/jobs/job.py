"""What a job is, and the lock of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from gans.files import append
from gans.locks import try_lock

__all__ = ["Job", "Say", "Stop", "StoppedError", "sole"]

Say = Callable[[str], None]
Stop = Callable[[], bool]


class StoppedError(Exception):
    """A job that was asked to stop has saved what it had and stopped.

    ``signal`` is the number of the signal that stopped it, if the job itself received one.
    """

    def __init__(self, signal: int | None = None) -> None:
        super().__init__(signal)
        self.signal = signal


class Job(Protocol):
    """What a process does. It is pickled on its way there.

    ``carry_out(stop, say)`` starts or resumes it and runs it to its end, and does nothing if it is at its
    end already; it returns False at once if another process is at it. It raises StoppedError soon after
    ``stop()`` is true, UserError if it cannot be done. ``say`` shows a line.
    """

    @property
    def title(self) -> str: ...

    def carry_out(self, stop: Stop, say: Say) -> bool: ...


@contextmanager
def sole(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """A block that one process at a time is in, for each ``folder``, which holds its lock.

    Yields False if another one is in it, unless it has to ``wait`` for that one. On a file system without
    locks any number is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with append(folder / ".lock") as lock:
        alone = True
        with suppress(OSError):  # a file system without locks must not prevent the work
            while not (alone := try_lock(lock.fileno())) and wait:
                time.sleep(0.05)
        yield alone
