"""Devices: "cpu" holds NumPy's arrays, "cuda" CuPy's, on the GPU that CuPy calls the current one.

An array's type picks the library that computes on it; ``to_device`` copies from one device to the other.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from minigrad.arrays import on_gpu
from minigrad.kernels.forking import check_gpu
from minigrad.types import Array

DEVICES = ("cpu", "cuda")


def device_of(array: object) -> str:
    """The device that holds ``array``."""
    if isinstance(array, np.ndarray):
        return "cpu"
    if on_gpu(array):
        return "cuda"
    raise TypeError(f"expected a NumPy or CuPy array, got {type(array).__name__}")


def xp_of(array: object) -> Any:
    """The NumPy-like module that computes on ``array``."""
    return np if isinstance(array, np.ndarray) else xp_on(device_of(array))


def xp_on(device: str) -> Any:
    """The NumPy-like module whose arrays lie on ``device``.

    Raises ValueError for an unknown device. For "cuda", ModuleNotFoundError without CuPy, RuntimeError
    without a driver or a GPU; both say what to install.
    """
    if device not in DEVICES:
        raise ValueError(f"there is no device {device!r}; choose {' or '.join(map(repr, DEVICES))}")
    return np if device == "cpu" else _loading().cupy()


@cache
def _loading() -> Any:
    """The module that loads CuPy; it is imported with the first array on a GPU."""
    return importlib.import_module("minigrad.kernels.cuda.runtime.loading")


def to_device(array: Array, device: str) -> Array:
    """``array`` on ``device``, without a copy if it is there already; raises as ``xp_on``."""
    xp = xp_on(device)
    if device_of(array) == device:
        return array
    check_gpu()
    if _moves_refused:
        raise RuntimeError("numbers would move between CPU and GPU, which a CUDA graph cannot repeat")
    moved: Array = array.get(order="A") if xp is np else xp.asarray(array)  # type: ignore[attr-defined]
    return moved


_moves_refused = False


@contextmanager
def moves_refused() -> Iterator[None]:
    """Within the block ``to_device`` copies nothing and raises RuntimeError: for the making of a CUDA graph.

    CuPy refuses a copy from the host too, or, before 14 and of a single number, records what it was then.
    """
    global _moves_refused
    _moves_refused = True
    try:
        yield
    finally:
        _moves_refused = False


def check_device(device: object) -> None:
    """Raise TypeError for a dtype in place of a device, and for what is neither."""
    if isinstance(device, str) and device not in np.sctypeDict:
        return
    try:
        dtype = np.dtype(device)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(f'to() takes a device, "cpu" or "cuda", got {device!r}') from None
    raise TypeError(f'to() takes a device, "cpu" or "cuda"; for {dtype} write .astype("{dtype}")')


def check_one_device(arrays: Sequence[Array]) -> None:
    """Raise ValueError unless all arrays are on one device."""
    devices = sorted({device_of(array) for array in arrays})
    if len(devices) > 1:
        raise ValueError(
            f"expected everything on one device, got {' and '.join(devices)}; "
            f"move what is elsewhere, as in x.to({devices[-1]!r})"
        )


def numbers(arrays: Sequence[Array]) -> list[Any]:
    """The only elements of the arrays as Python numbers; those on a GPU are read in one copy, as floats."""
    if not arrays or not on_gpu(arrays[0]):
        return [array.item() for array in arrays]
    check_one_device(arrays)
    rows = [array.reshape(1).astype(np.float64) for array in arrays]
    values: list[Any] = to_device(xp_of(arrays[0]).concatenate(rows), "cpu").tolist()
    return values
