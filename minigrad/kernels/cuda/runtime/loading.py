"""CUDA sources: compiled at the first launch, and launched with typed arguments only.

Who compiles is a maker: CuPy, unless ``use`` puts another in its place for a while, such as an emulator that
executes the very same source on the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from minigrad.kernels.cuda.runtime.including import with_included
from minigrad.kernels.forking import check_gpu

Function = Callable[..., None]
"""``function(grid, block, args, shared_mem=0)``, as CuPy's RawKernel."""

THREADS = 256  # of every block
TYPES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double"}
SCALARS = (np.int32, np.int64, np.float32, np.float64)

FOLDER = Path(__file__).parents[1]  # a source's files are named by their paths from here

PLAIN_SHARED = 48 * 1024  # bytes of shared memory that a kernel may have by default

ENTRY = re.compile(r"__global__\s+void\s+__launch_bounds__\(THREADS(?:, RESIDENT)?\)\s+(\w+)\(")


class Module(Protocol):
    """A compiled source."""

    def function(self, name: str) -> Function:
        """The instance of a kernel called ``name``, such as ``leaky_relu<float>``."""
        ...


class Maker(Protocol):
    """What compiles a source: CuPy or an emulator."""

    def module(self, source: str, options: Sequence[str], name_expressions: Sequence[str]) -> Module:
        """Compile a text with a compiler's options, for the instances ``name_expressions`` of its kernels."""
        ...


class Source:
    """The file ``name`` behind the files that it includes, with ``constants`` defined: one module.

    Its kernels are templates on the arrays' element type, float or double; where ``templates`` is false they
    are functions for float alone. THREADS may be among the constants. ``shared`` is every kernel's dynamic
    shared memory in bytes.
    """

    def __init__(
        self,
        name: str,
        *,
        templates: bool = True,
        shared: int = 0,
        **constants: int,
    ) -> None:
        self.name = name
        self.templates = templates
        self.shared = shared
        self.constants = {"THREADS": THREADS, **constants}

    @cached_property
    def files(self) -> dict[str, str]:
        """The texts of the files that the source is made of, by name."""
        return with_included(self.name, FOLDER)

    @cached_property
    def text(self) -> str:
        """What the compiler reads; its messages name the files and their own lines."""
        return "".join(f'#line 1 "{name}"\n{text}' for name, text in self.files.items())

    @property
    def options(self) -> tuple[str, ...]:
        return "-std=c++17", *(f"-D{name}={value}" for name, value in self.constants.items())

    @property
    def instances(self) -> tuple[str, ...]:
        """The name of every instance of every kernel, such as ``leaky_relu<float>``."""
        kernels = tuple(ENTRY.findall(self.text))
        if not self.templates:
            return kernels
        return tuple(f"{kernel}<{kind}>" for kernel in kernels for kind in TYPES.values())

    def launch(self, kernel: str, dtype: np.dtype[Any], blocks: int, *args: Any) -> None:
        """Run a kernel's instance for ``dtype`` in ``blocks`` blocks of the source's THREADS threads.

        Arguments are arrays and NumPy's int32, int64, float32 and float64 numbers, of the types that the
        kernel declares: TypeError for a raw Python number, whose size the kernel would misread.
        """
        for position, value in enumerate(args):
            scalar = isinstance(value, np.generic) or not hasattr(value, "strides")
            if scalar and type(value) not in SCALARS:
                expected = ", ".join(kind.__name__ for kind in SCALARS)
                raise TypeError(
                    f"{kernel}: argument {position} is {value!r}, a {type(value).__name__}; kernels take "
                    f"arrays and NumPy numbers of type {expected}, such as np.int32(3)"
                )
        function = _function(self, f"{kernel}<{TYPES[dtype]}>" if self.templates else kernel)
        size = (blocks,), (self.constants["THREADS"],)
        if self.shared:
            function(*size, args, shared_mem=self.shared)
        else:
            function(*size, args)


class _CuPyModule:
    def __init__(self, module: Any) -> None:
        self._module = module

    def function(self, name: str) -> Function:
        function: Function = self._module.get_function(name)
        return function


class CuPy:
    """The maker for real devices: one RawModule for each source."""

    def module(self, source: str, options: Sequence[str], name_expressions: Sequence[str]) -> Module:
        names = tuple(name_expressions)
        return _CuPyModule(cupy().RawModule(code=source, options=tuple(options), name_expressions=names))


_with_device: Any = None


def cupy() -> Any:
    """The CuPy module, with a device to compute on.

    ModuleNotFoundError without CuPy, RuntimeError without a driver or a device; both say what to install.
    """
    global _with_device
    check_gpu()
    try:
        import cupy
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the CUDA kernels need CuPy, which is not installed: pip install 'minigrad-gans[cuda12]', or "
            "[cuda13] for a driver of CUDA 13"
        ) from error
    if cupy is not _with_device:
        _check_device(cupy)
        _with_device = cupy
    return cupy


def device_used() -> bool:
    """Whether this process, or its parent before the fork, has called the driver."""
    return _with_device is not None


def _check_device(cupy: Any) -> None:
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise RuntimeError(
            f"the CUDA kernels need an NVIDIA GPU and its driver, and CuPy finds none ({error}): install the "
            "driver from https://www.nvidia.com/drivers, or compute on the CPU"
        ) from error
    if count == 0:
        raise RuntimeError(
            "the CUDA kernels need an NVIDIA GPU, and the driver shows none: look at nvidia-smi and "
            "CUDA_VISIBLE_DEVICES, or compute on the CPU"
        )


@cache
def compute_capability(device: int) -> int:
    """A device's compute capability, such as 90 for 9.0."""
    return int(cupy().cuda.Device(device).compute_capability)


_maker: Maker = CuPy()
_functions: WeakKeyDictionary[Maker, dict[Source | tuple[Source, str], Any]] = WeakKeyDictionary()


def emulated() -> bool:
    """Whether another maker than CuPy is in use: kernels then take NumPy arrays."""
    return not isinstance(_maker, CuPy)


@contextmanager
def use(maker: Maker) -> Iterator[None]:
    """Within the block ``maker`` compiles and runs the kernels."""
    global _maker
    before, _maker = _maker, maker
    try:
        yield
    finally:
        _maker = before


def _function(source: Source, name: str) -> Function:
    check_gpu()
    made = _functions.setdefault(_maker, {})
    if (source, name) not in made:
        if source not in made:
            made[source] = _maker.module(source.text, source.options, source.instances)
        function = made[source].function(name)
        if source.shared > PLAIN_SHARED:
            function.max_dynamic_shared_size_bytes = source.shared
        made[source, name] = function
    found: Function = made[source, name]
    return found
