"""Which array library and which kernels serve an array: an array's type picks its module."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels import launching

Array = NDArray[Any]

launch_lock = launching.lock
noting_launches = launching.noting

DEVICES = ("cpu",)
KERNELS = ("cpu", "reference")

_chosen_kernels = "cpu"


def device_of(array: Array) -> str:
    """The device that holds ``array``."""
    if isinstance(array, np.ndarray):
        return "cpu"
    raise TypeError(f"expected a NumPy array, got {type(array).__name__}")


def xp_of(array: Array) -> Any:
    """The NumPy-like module that computes on ``array``."""
    device_of(array)
    return np


def kernels_of(array: Array) -> Any:
    """The module of hand-written kernels that computes on ``array``; imported when first asked for."""
    device_of(array)
    return _load(_chosen_kernels)


def to_device(array: Array, device: str) -> Array:
    """``array`` on ``device``, without a copy if it is there already.

    Raises ValueError for a device that this version does not have.
    """
    if device not in DEVICES:
        raise ValueError(
            f"device {device!r} is not available; this version computes on {' or '.join(DEVICES)}"
        )
    return array


@contextmanager
def use_kernels(name: str) -> Iterator[None]:
    """Within the block NumPy arrays are served by the kernels called ``name``: "cpu" or "reference"."""
    global _chosen_kernels
    if name not in KERNELS:
        raise ValueError(f"kernels {name!r} do not exist; choose one of {', '.join(KERNELS)}")
    before, _chosen_kernels = _chosen_kernels, name
    try:
        yield
    finally:
        _chosen_kernels = before


def kernels_in_use() -> str:
    """The name of the kernels that serve NumPy arrays now."""
    return _chosen_kernels


_loaded: dict[str, ModuleType] = {}


def _load(name: str) -> ModuleType:
    if name not in _loaded:
        _loaded[name] = importlib.import_module(f"minigrad.kernels.{name}")
    return _loaded[name]
