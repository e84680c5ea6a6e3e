"""``cupy.cuda``, as far as minigrad asks."""

from __future__ import annotations

from tests.gpu.fake_cupy import nccl as nccl
from tests.gpu.fake_cupy import streams
from tests.gpu.fake_cupy.memory import MemoryPointer, MemoryPool, alloc, using_allocator
from tests.gpu.fake_cupy.streams import Event, Graph, Stream, alloc_pinned_memory, get_current_stream

__all__ = [
    "Device",
    "Event",
    "Graph",
    "MemoryPointer",
    "MemoryPool",
    "Stream",
    "alloc",
    "alloc_pinned_memory",
    "get_current_stream",
    "runtime",
    "using_allocator",
]


class runtime:
    CUDARuntimeError = streams.CUDARuntimeError

    devices = 1

    @classmethod
    def getDeviceCount(cls) -> int:
        return cls.devices


class Device:
    compute_capability = "90"
    used = 0

    def __init__(self, device: int = 0) -> None:
        self.id = device

    def use(self) -> None:
        Device.used = self.id
