"""What the emulator reports."""

from __future__ import annotations

KINDS = (
    "race",  # two accesses that nothing orders, one of them a write
    "out of bounds",  # outside every argument and shared array, or outside a declared array
    "uninitialised",  # a read of shared memory, or of an ``uninitialised`` array, before anybody wrote
    "divergent barrier",  # not every thread of the block reaches the same __syncthreads
    "divergent warp",  # not every lane of the mask reaches the same shuffle, vote, mma or __syncwarp
    "misaligned",  # a vector load or store, or an atomic, at an address that is no multiple of its size
    "cp.async",  # shared memory used before the copy to it was waited for
    "read-only",  # a write through a pointer to const
    "arithmetic",  # integer division by zero, overflow of a signed integer, an impossible shift
    "assertion",  # assert() or __trap()
    "launch",  # a grid, block or shared memory that a device refuses
    "compile",  # the source does not compile
)


class EmulatorError(RuntimeError):
    """A kernel that breaks CUDA's rules. ``kind`` is one of ``KINDS``."""

    def __init__(self, kind: str, message: str) -> None:
        assert kind in KINDS, kind
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class CompilerMissing(RuntimeError):
    """There is no g++ on the path."""
