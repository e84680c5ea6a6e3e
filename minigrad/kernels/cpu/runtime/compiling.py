"""How the CPU kernels are compiled, launched and given memory: the settings that all of them share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numba.core import event
from numba.np.ufunc import parallel

from minigrad.kernels.cpu.runtime.caching import KernelCache, note
from minigrad.kernels.cpu.runtime.forking import guard_pool
from minigrad.kernels.forking import threads_lost
from minigrad.kernels.launching import lock as _launching
from minigrad.types import Array

Function = TypeVar("Function", bound=Callable[..., Any])

KERNELS = __package__.rpartition(".")[0]  # the package of all CPU kernels
KEPT = "kept on disk for the next run"
NOT_KEPT = "in each run: no folder for them can be written; NUMBA_CACHE_DIR chooses one"

SMALL = 1 << 20  # about the multiplications that one thread does while several are started
NOMINAL = 2  # threads: with one, a way that cannot use more would seem as quick as the others

# Numba's simplest thread pool must not be entered by two threads at once, and the workspace below is shared:
# a parallel kernel is launched under the lock. A kernel uses every core, so waiting costs nothing.

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def jit(function: Function) -> Function:
    """Compile for one thread at the first call with new types, and keep the machine code on disk.

    Numba compiles again only if the function's own file has changed. So keep what a loop inlines in its file.
    """
    # contract: a * b + c may be rounded once. reassoc, nsz: a sum may run in the lanes of a vector, in an
    # order that the compiled code fixes. Neither depends on the number of threads, and NaN and infinity
    # keep their meaning.
    fastmath = {"contract", "reassoc", "nsz"}
    with _compiler_enabled():
        dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath=fastmath)(function)
    with suppress(RuntimeError):  # no folder can be written: ``_Compiling`` warns, each process compiles
        dispatcher._cache = KernelCache(function)  # as Numba's cache=True does with a cache of its own
    return cast(Function, dispatcher)


Kinds = Callable[[Any], tuple[Any, ...]]


class ByDtype(dict[np.dtype[Any], Callable[..., None]]):
    """A jit function for arrays of each dtype, compiled for declared types when it is first looked up.

    A call takes half of the time of one for which Numba finds the types out, and arrays may be read-only and
    in any order where the types have layout "A". Nothing checks that arguments have the declared types.
    """

    def __init__(self, function: Any, kinds: Kinds) -> None:
        """``kinds`` gives the types of the arguments for Numba's type of an element."""
        super().__init__()
        self.function, self.kinds = function, kinds

    def __missing__(self, dtype: np.dtype[Any]) -> Callable[..., None]:
        entry = self[dtype] = self.function.compile(self.kinds(numba.from_dtype(dtype)))
        return cast(Callable[..., None], entry)


def by_dtype(kinds: Kinds) -> Callable[[Callable[..., None]], ByDtype]:
    """``jit`` with declared types."""
    return lambda function: ByDtype(jit(function), kinds)


@contextmanager
def _compiler_enabled() -> Iterator[None]:
    """Compile also under NUMBA_DISABLE_JIT=1: what only compiled code calls cannot run in Python."""
    before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 0
    try:
        yield
    finally:
        numba.config.DISABLE_JIT = before


def checked(name: str, *arrays: Array | None) -> None:
    """Raise TypeError unless all arrays (None is left out) are of one dtype, float32 or float64."""
    dtype = None if arrays[0] is None else arrays[0].dtype
    fits = dtype in DTYPES
    for a in arrays:
        if a is not None and a.dtype is not dtype:
            fits = fits and a.dtype == dtype
    if not fits:
        found = ", ".join(str(a.dtype) for a in arrays if a is not None)
        raise TypeError(f"{name}: the CPU kernel takes arrays of one dtype, float32 or float64; got {found}")


def contiguous(a: Array) -> Array:
    """``a``, or a copy if it is not C-contiguous, aligned and writeable, as the loops expect it."""
    return a if a.flags.carray else np.array(a, order="C")


def elements(a: Array) -> Array:
    """The elements in C order, as one axis: where they lie if they are contiguous, read-only or not."""
    return a.ravel() if a.flags.aligned else np.array(a, order="C").ravel()


class Pool(NamedTuple):
    """Numba's thread pool: how many of its threads the calling thread uses now."""

    get: Callable[[], int]
    set: Callable[[int], None]


@cache
def start_pool() -> Pool:
    """Load Numba's thread pool, and let GNU OpenMP's threads sleep soon when they wait for each other.

    By default they spin. If another process then holds one of the cores, each launch costs a time slice of
    about 10 ms. Waking a sleeping thread takes 30 us, a spinning one 2 us; about 0.2 ms of spinning is the
    compromise. OpenMP reads its settings once, when it is loaded, so the environment is restored afterwards.
    """
    chosen = "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ
    if not chosen:
        os.environ["GOMP_SPINCOUNT"] = "10000"
    try:
        numba.get_num_threads()
    finally:
        if not chosen:
            del os.environ["GOMP_SPINCOUNT"]
    guard_pool()
    # what numba.get_num_threads and numba.set_num_threads call, after 1 us of checks
    return Pool(parallel._get_num_threads, parallel._set_num_threads)


def threads() -> int:
    """Number of threads that a parallel kernel may use now.

    NUMBA_NUM_THREADS or numba.set_num_threads; 1 in a process that was forked from one with threads.
    """
    return 1 if threads_lost.value else start_pool().get()


def nominal_threads(work: float) -> int:
    """Number of threads for which ways to compute ``work`` multiplications are compared.

    It is not that of the threads there are: ways round differently, and no result depends on those.
    """
    return NOMINAL if work >= SMALL else 1


class launch:
    """Hold pool and workspace for a kernel of ``work`` multiplications; gives the number of threads.

    A class: the context of a generator takes a microsecond more.
    """

    __slots__ = ("hidden", "work")

    def __init__(self, work: float) -> None:
        self.work = work
        self.hidden = 0  # threads that the pool does not use meanwhile

    def __enter__(self) -> int:
        _launching.acquire()
        try:
            allowed = threads()
            if self.work >= SMALL or allowed == 1:
                return allowed
            start_pool().set(1)
            self.hidden = allowed
        except BaseException:
            _launching.release()
            raise
        return 1

    def __exit__(self, *_: object) -> None:
        try:
            if self.hidden:
                start_pool().set(self.hidden)
        finally:
            _launching.release()


class Workspace:
    """Scratch memory kept between calls, because fresh pages cost as much as the arithmetic done in them.

    Use it only within ``launch``. At most ``limit`` bytes are kept; a larger request gets memory of its own.
    """

    def __init__(self, limit: int = 1 << 26) -> None:
        self.limit = limit
        self._kept = _aligned(0)

    def take(self, dtype: np.dtype[Any], *sizes: int) -> list[Array]:
        """Arrays of the given sizes, of one axis and 64-byte aligned, with arbitrary content."""
        lengths = [-(-size * dtype.itemsize // 64) * 64 for size in sizes]
        needed = sum(lengths)
        memory = self._kept
        if memory.size < needed:
            memory = _aligned(needed)
            if needed <= self.limit:
                self._kept = memory
        start = 0
        arrays = []
        for size, length in zip(sizes, lengths, strict=True):
            arrays.append(memory[start : start + size * dtype.itemsize].view(dtype))
            start += length
        return arrays

    def keeps(self, array: Array) -> bool:
        """Whether an array that ``take`` gave is memory kept between calls."""
        return np.may_share_memory(array, self._kept)


def _aligned(size: int) -> Array:
    """Bytes that begin at a cache line."""
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]


workspace = Workspace()


class _Compiling(event.Listener):  # type: ignore[misc]
    """Says once per process, on stderr, that kernels are being compiled; those on disk are not.

    Meanwhile it pauses Python's garbage collector, which would take an eighth of the time, and enables
    Numba's compiler, which Numba calls for the functions that a kernel calls.
    """

    def __init__(self) -> None:
        self.said = False
        self.depth = 0  # Numba holds a lock of its own meanwhile
        self.collecting = False
        self.enabled = _compiler_enabled()

    def on_start(self, happening: Any) -> None:
        if not _ours(happening):
            return
        if self.depth == 0:
            self.collecting = gc.isenabled()
            gc.disable()
            self.enabled = _compiler_enabled()
            self.enabled.__enter__()
        self.depth += 1
        if not self.said:
            self.said = True
            kept = isinstance(happening.data["dispatcher"]._cache, KernelCache)
            note(f"compiling the CPU kernels ({KEPT if kept else NOT_KEPT}) ...")

    def on_end(self, happening: Any) -> None:
        if not _ours(happening):
            return
        self.depth -= 1
        if self.depth == 0:
            self.enabled.__exit__(None, None, None)
            if self.collecting:
                gc.enable()


def _ours(happening: Any) -> bool:
    module = happening.data["dispatcher"].py_func.__module__  # None for what exec made of a text
    return bool(module and module.startswith(KERNELS))


event.register("numba:compile", _Compiling())
