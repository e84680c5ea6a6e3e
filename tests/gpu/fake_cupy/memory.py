"""Memory "on the device", in pools, and how often it is copied.

A pool hands out what was freed again, as CuPy's do, and fills with -1 or NaN what is freed: whoever goes on
using freed memory finds that, or numbers of somebody else. A graph knows addresses alone.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

Host = np.ndarray[Any, np.dtype[Any]]

UNIT = 512  # bytes that sizes are rounded up to
NOTHING = 0xFF


class Device:
    """How often arrays were copied between the host and the device, and graphs launched.

    ``reads`` are copies that the host waits for, ``sent`` those that it does not. ``writes`` are copies to
    the device, of ``written`` bytes in all.
    """

    def __init__(self) -> None:
        self.reads = self.writes = self.written = self.sent = self.launches = 0

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]


device = Device()


class Raw(np.ndarray):  # type: ignore[type-arg]
    """Bytes of a pool, with whoever has them now."""

    pool: weakref.ref[MemoryPool]
    block: weakref.ref[Block]


class Block:
    """One allocation; its memory goes back to the pool with it."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        raw.fill(NOTHING)
        raw.block = weakref.ref(self)

    def __del__(self) -> None:
        self.raw.fill(NOTHING)
        pool = self.raw.pool()
        if pool is not None:
            pool.free.setdefault(self.raw.size, []).append(self.raw)


class MemoryPointer(NamedTuple):
    mem: Block | None
    ptr: int

    def __add__(self, offset: int) -> MemoryPointer:  # type: ignore[override]
        return MemoryPointer(self.mem, self.ptr + offset)


class MemoryPool:
    """Once a graph was recorded with it, nobody else may use it: its temporaries are the graph's."""

    def __init__(self) -> None:
        self.free: dict[int, list[Raw]] = {}
        self.private = self.sealed = False

    def malloc(self, size: int) -> MemoryPointer:
        if self.sealed:
            raise AssertionError("memory was taken from the pool of a CUDA graph after it was recorded")
        if _captures[-1] is not None:
            if self is default_pool:
                raise RuntimeError("memory was taken from the default pool while a stream is capturing")
            self.private = True
            _captures[-1].pools.append(self)
        size = max(1, -(-size // UNIT)) * UNIT
        raw = self.free[size].pop() if self.free.get(size) else self._new(size)
        block = Block(raw)
        return MemoryPointer(block, raw.ctypes.data)

    def _new(self, size: int) -> Raw:
        raw = Raw(size, np.uint8)
        raw.pool = weakref.ref(self)
        _raws[:] = [ref for ref in _raws if ref() is not None]
        _raws.append(weakref.ref(raw))
        return raw


_raws: list[weakref.ref[Raw]] = []
"""The bytes of all pools."""


def raw_at(address: int, size: int) -> Raw:
    """The bytes that are somebody's and hold ``size`` of them from the address on, or an AssertionError."""
    for ref in _raws:
        raw = ref()
        if raw is None or raw.block() is None:
            continue
        if raw.ctypes.data <= address and address + size <= raw.ctypes.data + raw.size:
            return raw
    raise AssertionError(f"{size} bytes at {address} are not an array's")


default_pool = MemoryPool()
_allocators: list[Callable[[int], MemoryPointer]] = [default_pool.malloc]


def alloc(size: int) -> MemoryPointer:
    """Memory from the current allocator."""
    return _allocators[-1](size)


@contextmanager
def using_allocator(allocator: Callable[[int], MemoryPointer]) -> Iterator[None]:
    _allocators.append(allocator)
    try:
        yield
    finally:
        _allocators.pop()


class Capture:
    """What a stream has recorded so far."""

    def __init__(self) -> None:
        self.calls: list[tuple[Callable[[], object], list[weakref.ref[Any]]]] = []
        self.pools: list[MemoryPool] = []
        self.invalid = False


_captures: list[Capture | None] = [None]


def refuse_in_capture(what: str, error: type[Exception] = RuntimeError) -> None:
    if _captures[-1] is not None:
        raise error(f"{what} is not permitted: the current stream is capturing")


def launch(call: Callable[[], object], *operands: Any) -> None:
    """Do what a kernel does to host arrays among the operands, or record it."""
    capture = _captures[-1]
    if capture is None:
        with np.errstate(all="ignore"):  # a device warns of nothing
            call()
    else:
        capture.calls.append((call, [_holder_of(host) for host in operands if isinstance(host, np.ndarray)]))


def _holder_of(host: Host) -> weakref.ref[Any]:
    """Whoever keeps the memory for a graph: its pool, else the allocation."""
    owner: Any = host
    while not isinstance(owner, Raw):
        owner = owner.base
    pool = owner.pool()
    return owner.pool if pool is not None and pool.private else owner.block
