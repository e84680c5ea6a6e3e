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

    def __call__(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> StopOnSignal:
        if threading.current_thread() is threading.main_thread():
            for number in _signals():
                self._restore.callback(signal.signal, number, signal.signal(number, self._handle))
            _entered.append(self)
            self._restore.callback(_entered.remove, self)
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


def _signals() -> list[signal.Signals]:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers


_entered: list[StopOnSignal] = []
_forking = threading.local()


def _hold_signals() -> None:
    """Let signals wait while this thread forks: Python forgets those that a child gets while it starts."""
    if _entered:
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _signals())


def _take_signals() -> None:
    if hasattr(_forking, "mask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, _forking.__dict__.pop("mask"))


def _restore_handlers() -> None:
    while _entered:
        _entered[-1].__exit__()
    _take_signals()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_signals, after_in_parent=_take_signals, after_in_child=_restore_handlers)
