"""``cupy.RawModule``, by the emulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.gpu.emulator import Emulator
from tests.gpu.emulator.emulator import Function
from tests.gpu.fake_cupy.arrays import ndarray
from tests.gpu.fake_cupy.memory import launch, refuse_in_capture

emulator = Emulator(seed=1)


class RawModule:
    """CUDA C++ executed on the CPU. A NumPy array, which CuPy would pass by value, is a TypeError."""

    def __init__(self, *, code: str, options: Sequence[str], name_expressions: Sequence[str]) -> None:
        refuse_in_capture("the compilation of a module")
        if not isinstance(options, tuple):
            raise TypeError(
                f"Argument 'options' has incorrect type (expected tuple, got {type(options).__name__})"
            )
        self._module = emulator.module(code, options, name_expressions)

    def get_function(self, name: str) -> RawKernel:
        refuse_in_capture("the loading of a function")
        return RawKernel(name, self._module.function(name))


class RawKernel:
    """A kernel of a module, with the dynamic shared memory that it may have."""

    def __init__(self, name: str, function: Function) -> None:
        self.name, self._function = name, function

    @property
    def max_dynamic_shared_size_bytes(self) -> int:
        return self._function.max_dynamic_shared_size_bytes

    @max_dynamic_shared_size_bytes.setter
    def max_dynamic_shared_size_bytes(self, value: int) -> None:
        self._function.max_dynamic_shared_size_bytes = value

    def __call__(self, grid: Any, block: Any, args: Sequence[Any], *, shared_mem: int = 0) -> None:
        for position, value in enumerate(args):
            if isinstance(value, np.ndarray):
                raise TypeError(f"{self.name}: argument {position} is a NumPy array")
        hosts = [value.host if isinstance(value, ndarray) else value for value in args]
        function = self._function
        launch(lambda: function(grid, block, hosts, shared_mem=shared_mem), *hosts)
