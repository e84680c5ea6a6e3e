"""Streams, events and graphs. What is not recorded is done at once: nothing is shown about its order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.gpu.fake_cupy import memory
from tests.gpu.fake_cupy.memory import Capture, Host, device

still_capturing: list[Stream] = []
"""Streams that were left while they recorded."""


NAMES = {
    35: "cudaErrorInsufficientDriver",
    401: "cudaErrorIllegalState",
    900: "cudaErrorStreamCaptureUnsupported",
    901: "cudaErrorStreamCaptureInvalidated",
}


class CUDARuntimeError(RuntimeError):
    """CuPy's has a number too, and makes its text of it."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"{NAMES[status]}: described by CUDA")


class Pinned(bytearray):
    """Page-locked memory of the host."""


def alloc_pinned_memory(size: int) -> Pinned:
    return Pinned(size)


_sending: list[Callable[[], None]] = []


def send(source: Host, target: Host) -> None:
    """A copy to the host that nobody waits for: ``target`` has it when an event after it was waited for."""
    base: Any = target.base
    if not isinstance(getattr(base, "obj", base), Pinned):
        raise AssertionError("a copy that nobody waits for needs page-locked memory, else CUDA waits")
    device.sent += 1
    now = source.copy()
    target.view(np.uint8).fill(memory.NOTHING)
    _sending.append(lambda: np.copyto(target, now))


class Event:
    def __init__(self, block: bool = False, disable_timing: bool = False) -> None:
        self._before: list[Callable[[], None]] = []

    def record(self, stream: Stream | None = None) -> None:
        memory.refuse_in_capture("an event")
        self._before = list(_sending)
        _sending.clear()

    def synchronize(self) -> None:
        if memory._captures[-1] is not None:
            raise CUDARuntimeError(900)
        for arrive in self._before:
            arrive()
        self._before = []


class Stream:
    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self._is_null, self.non_blocking = null, non_blocking
        self._capture: Capture | None = None

    ptr = property(id)

    def __enter__(self) -> Stream:
        _streams.append(self)
        memory._captures.append(self._capture)
        return self

    def __exit__(self, *exception: object) -> None:
        _streams.pop()
        memory._captures.pop()
        if self._capture is not None:
            still_capturing.append(self)

    def begin_capture(self, mode: int | None = None) -> None:
        if self._is_null:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        if self._capture is not None or _streams[-1] is not self:
            raise CUDARuntimeError(401)
        self._capture = memory._captures[-1] = Capture()

    def end_capture(self) -> Graph:
        capture, self._capture = self._capture, None
        memory._captures[-1] = None
        if capture is None:
            raise CUDARuntimeError(401)
        for pool in capture.pools:
            pool.sealed = True
        if capture.invalid:
            raise CUDARuntimeError(901)
        return Graph(capture)

    def is_capturing(self) -> bool:
        return self._capture is not None

    def synchronize(self) -> None:
        if self._capture is not None:
            self._capture.invalid = True
            raise CUDARuntimeError(900)


Stream.null = Stream(null=True)  # type: ignore[attr-defined]
_streams: list[Stream] = [Stream.null]  # type: ignore[attr-defined]


def get_current_stream() -> Stream:
    return _streams[-1]


class Graph:
    """The calls of a capture, on the very addresses; memory that was freed meanwhile is an AssertionError."""

    def __init__(self, capture: Capture) -> None:
        self.calls = capture.calls

    def upload(self, stream: Stream | None = None) -> None:
        memory.refuse_in_capture("an upload")

    def launch(self, stream: Stream | None = None) -> None:
        memory.refuse_in_capture("a graph in a graph")
        device.launches += 1
        for call, holders in self.calls:
            if any(holder() is None for holder in holders):
                raise AssertionError("a CUDA graph uses memory that was freed")
            with np.errstate(all="ignore"):
                call()
