"""Every source of the package."""

from __future__ import annotations

import importlib
import pkgutil

from minigrad.kernels import cuda
from minigrad.kernels.cuda.loading import Source


def sources() -> list[Source]:
    """All that the package's modules hold, by their names."""
    modules = [
        importlib.import_module(f"{cuda.__name__}.{m.name}") for m in pkgutil.iter_modules(cuda.__path__)
    ]
    held = [value for module in modules for value in vars(module).values() if isinstance(value, Source)]
    return sorted(set(held), key=lambda source: source.name)
