"""Runs CUDA kernels on NumPy arrays, called as CuPy's RawModule is.

emulator = Emulator(check=True, seed=1)
add = emulator.module(source).function("add")
add((blocks,), (256,), (x, y, np.int32(x.size)), shared_mem=0)
"""

from __future__ import annotations

import ctypes
import functools
import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.gpu.emulator import building
from tests.gpu.emulator.arguments import Memory, Packed, Parameter, Pointer, pack
from tests.gpu.emulator.errors import EmulatorError

MAX_GRID, MAX_BLOCK, MAX_THREADS = (2**31 - 1, 65535, 65535), (1024, 1024, 64), 1024
MAX_SHARED, DEFAULT_SHARED = 227 * 1024, 48 * 1024
MAX_PARAMETERS = 256
SWITCH_EVERY = 16  # memory accesses

_one_launch_at_a_time = threading.Lock()


class _Launch(ctypes.Structure):
    """api.h's Launch."""

    _fields_ = [
        ("kernel", ctypes.c_void_p),
        ("parameters", ctypes.POINTER(ctypes.c_void_p)),
        ("arguments", ctypes.POINTER(Memory)),
        ("shared", ctypes.POINTER(Memory)),
        ("pointers", ctypes.POINTER(Pointer)),
        ("argument_count", ctypes.c_uint32),
        ("shared_count", ctypes.c_uint32),
        ("pointer_count", ctypes.c_uint32),
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
        ("dynamic_bytes", ctypes.c_uint32),
        ("check", ctypes.c_uint32),
        ("switch_every", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
    ]


@functools.cache
def _runtime() -> ctypes.CDLL:
    library = ctypes.CDLL(str(building.runtime()))
    library.emulator_error.restype = library.emulator_error_kind.restype = ctypes.c_char_p
    return library


class _Object:
    """A compiled shared object: its entries, its __shared__ variables, and its lines."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        _runtime()
        self.path, self.names = path, tuple(names)
        self.library = ctypes.CDLL(str(path))
        first = ctypes.cast(self.library.emulated_kernel_0, ctypes.c_void_p).value
        symbols = subprocess.run(
            ["nm", "-S", "-C", "--defined-only", path], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r"^([0-9a-f]+) \S+ T emulated_kernel_0$", symbols, re.MULTILINE)
        assert first is not None
        assert found is not None
        base = first - int(found[1], 16)
        self.shared = [
            Memory(
                host=base + int(address, 16),
                bytes=int(size, 16),
                name=f"shared array {name.rpartition('::')[2]}".encode(),
                item_size=4,
            )
            for address, size, name in re.findall(
                r"^([0-9a-f]+) ([0-9a-f]+) [bBVvuds] (.*)$", symbols, re.MULTILINE
            )
            if not name.startswith("completed")  # the C runtime's
        ]

    def kernel(self, name: str) -> tuple[int, list[Parameter]]:
        """The address of a kernel's entry, and its parameters."""
        index = self.names.index(name)
        entry = ctypes.cast(getattr(self.library, f"emulated_kernel_{index}"), ctypes.c_void_p).value
        assert entry is not None
        parameters = (Parameter * MAX_PARAMETERS)()
        count = getattr(self.library, f"emulated_parameters_{index}")(parameters)
        return entry, list(parameters[:count])

    def line(self, site: int) -> str:
        """Where in the kernel's source an instruction comes from."""
        command = ["addr2line", "-i", "-e", str(self.path), hex(site - 1)]
        places = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"(\w+\.cuh?):(\d+)", places)
        return f"line {found[2]} of {found[1]}" if found else "an unknown line"


@functools.cache
def _object(source: str, names: tuple[str, ...], options: tuple[str, ...], check: bool) -> _Object:
    return _Object(building.kernels(source, names, options, check), names)


class Emulator:
    """Compiles and runs CUDA sources.

    check: every memory access is checked (races, bounds, alignment, initialisation, missing waits), and
    threads switch in the midst of them; else a kernel runs for its results, only what stops it is an error.
    seed: draws the order of the blocks and the schedule of a block's threads; the same seed, the same run.
    switch_every: in the checking mode, accesses between two switches on average; 0: at barriers alone.
    """

    def __init__(self, check: bool = False, seed: int = 0, switch_every: int = SWITCH_EVERY) -> None:
        self.check, self.seed, self.switch_every = check, seed, switch_every

    def module(
        self, source: str, options: Sequence[str] = (), name_expressions: Sequence[str] = ()
    ) -> Module:
        """A CUDA source. The kernels of ``name_expressions`` are compiled together, others when asked for."""
        return Module(self, source, tuple(options), tuple(name_expressions))


class Module:
    """A CUDA source with its compiler's options (-D, -U; those that only a device has are ignored)."""

    def __init__(
        self, emulator: Emulator, source: str, options: tuple[str, ...], names: tuple[str, ...]
    ) -> None:
        self.emulator, self.source, self.options, self.names = emulator, source, options, names

    def function(self, name: str) -> Function:
        """The kernel of that name: an extern "C" name, or an expression such as "scale<float>".

        Raises EmulatorError of kind "compile".
        """
        names = self.names if name in self.names else (name,)
        return Function(self.emulator, _object(self.source, names, self.options, self.emulator.check), name)

    get_function = function  # CuPy's name


class Function:
    """A kernel. ``max_dynamic_shared_size_bytes`` is CuPy's: launches with over 48 KiB need it raised."""

    def __init__(self, emulator: Emulator, compiled: _Object, name: str) -> None:
        self.emulator, self.name = emulator, name
        self._object = compiled
        self._entry, self.parameters = compiled.kernel(name)
        self.max_dynamic_shared_size_bytes = DEFAULT_SHARED

    def __call__(
        self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], shared_mem: int = 0
    ) -> None:
        """Runs the kernel; arrays among ``args`` are read and written in place.

        grid, block: up to three sizes, x first. args: NumPy arrays (a view's pointer is its first element,
        its bounds are its first and last bytes), None for a null pointer, and NumPy scalars of the types
        that the kernel declares. shared_mem: bytes of dynamic shared memory.

        Raises TypeError for an argument of the wrong type, EmulatorError for what a device would refuse or
        what breaks CUDA's rules; the arrays are then as before.
        """
        sizes = self._checked_sizes(grid, block, shared_mem)
        packed = pack(self.name, self.parameters, args)
        with _one_launch_at_a_time:
            launch = self._launch(*sizes, shared_mem, packed)
            if not _runtime().emulator_launch(ctypes.byref(launch)):
                return
            kind, text = _runtime().emulator_error_kind().decode(), _runtime().emulator_error().decode()
        text = re.sub(r"@\{([0-9a-f]+)\}", lambda site: self._object.line(int(site[1], 16)), text)
        raise EmulatorError(kind, f"{self.name}: {text}")

    def _checked_sizes(
        self, grid: Sequence[int], block: Sequence[int], shared_mem: int
    ) -> tuple[list[int], list[int]]:
        grid, block = [*grid, 1, 1][:3], [*block, 1, 1][:3]
        threads = block[0] * block[1] * block[2]
        if any(not 1 <= n <= limit for n, limit in zip(grid, MAX_GRID, strict=True)):
            raise EmulatorError(
                "launch", f"{self.name}: a grid of {tuple(grid)}; a device takes 1 to {MAX_GRID}"
            )
        if threads > MAX_THREADS or any(
            not 1 <= n <= limit for n, limit in zip(block, MAX_BLOCK, strict=True)
        ):
            raise EmulatorError(
                "launch", f"{self.name}: a block of {tuple(block)}; a device takes 1 to {MAX_THREADS} threads"
            )
        limit = min(self.max_dynamic_shared_size_bytes, MAX_SHARED)
        if not 0 <= shared_mem <= limit:
            raise EmulatorError(
                "launch", f"{self.name}: {shared_mem} bytes of dynamic shared memory; {limit} are allowed"
            )
        return grid, block

    def _launch(self, grid: list[int], block: list[int], shared_mem: int, packed: Packed) -> _Launch:
        def array_of(kind: Any, items: list[Any]) -> Any:
            return (kind * max(1, len(items)))(*items)

        shared = self._object.shared
        return _Launch(
            kernel=self._entry,
            parameters=array_of(ctypes.c_void_p, [ctypes.addressof(value) for value in packed.values]),
            arguments=array_of(Memory, packed.memories),
            shared=array_of(Memory, shared),
            pointers=array_of(Pointer, packed.pointers),
            argument_count=len(packed.memories),
            shared_count=len(shared),
            pointer_count=len(packed.pointers),
            grid=(ctypes.c_uint32 * 3)(*grid),
            block=(ctypes.c_uint32 * 3)(*block),
            dynamic_bytes=shared_mem,
            check=self.emulator.check,
            switch_every=self.emulator.switch_every if self.emulator.check else 0,
            seed=self.emulator.seed,
        )
