"""Ctrl-C, SIGTERM and a closed terminal end a run after the current step instead of in its middle."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack
from types import FrameType

__all__ = ["StopOnSignal"]


class StopOnSignal:
    """A context in which SIGINT, SIGTERM and SIGHUP request a stop; a second one raises KeyboardInterrupt.

    A SIGHUP that is ignored, as under nohup, stays ignored. Calling it returns whether to stop; ``signal``
    is then the number of the signal. Outside the main thread, where Python allows no handlers, signals
    keep their usual course, as they do in the children of a fork, such as the workers of multiprocessing.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._restore = ExitStack()
        self._process = os.getpid()

    def __call__(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> StopOnSignal:
        if threading.current_thread() is threading.main_thread():
            for number in _signals():
                self._restore.callback(signal.signal, number, signal.signal(number, self._handle))
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # in a forked child, such as a worker of multiprocessing, signals keep their default
            self._restore.close()
            signal.raise_signal(number)
            return
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


def _signals() -> list[signal.Signals]:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers
