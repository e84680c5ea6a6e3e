"""``cupy.RawModule``, by the emulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.cuda_emulator import Emulator
from tests.fake_cupy.arrays import ndarray

emulator = Emulator(seed=1)


class RawModule:
    """CUDA C++ executed on the CPU. A NumPy array, which CuPy would pass by value, is a TypeError."""

    def __init__(self, *, code: str, options: Sequence[str], name_expressions: Sequence[str]) -> None:
        self._module = emulator.module(code, options, name_expressions)

    def get_function(self, name: str) -> Callable[..., None]:
        function = self._module.function(name)

        def launch(grid: Any, block: Any, args: Sequence[Any], shared_mem: int = 0) -> None:
            for position, value in enumerate(args):
                if isinstance(value, np.ndarray):
                    raise TypeError(f"{name}: argument {position} is a NumPy array")
            hosts = [value.host if isinstance(value, ndarray) else value for value in args]
            function(grid, block, hosts, shared_mem=shared_mem)

        return launch
