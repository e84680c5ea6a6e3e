"""Which kernels compute on an array: the CUDA kernels on CuPy's, those of a setting on NumPy's.

A backend's module is imported when the first array of its kind is computed on.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minigrad.blocks import Block, Setting
from minigrad.devices import device_of

KERNELS = ("cpu", "reference", "cuda")

Watcher = Callable[[ModuleType], Any]


class Choice(NamedTuple):
    """The kernels that serve NumPy arrays, and what ops get in place of a module of them, if anything."""

    name: str = "cpu"
    watcher: Watcher | None = None


_chosen = Setting("kernels", Choice())
_loaded: dict[str, ModuleType] = {}


def kernels_of(array: object) -> Any:
    """The module of hand-written kernels that computes on ``array``; imported with the first such array."""
    name, watcher = _chosen.get()
    if not isinstance(array, np.ndarray):
        device_of(array)
        name = "cuda"
    elif name == "cuda":
        _check_emulated()
    return _load(name) if watcher is None else watcher(_load(name))


def use_kernels(name: str) -> Block[Choice]:
    """Within the block NumPy arrays are served by the kernels called ``name``: "cpu", "reference" or "cuda".

    "cuda" is for tests: its kernels see NumPy arrays only while an emulator runs them, else RuntimeError.
    CuPy's arrays are always served by "cuda". A thread or asynchronous task sees its own blocks alone.

    >>> from minigrad.dispatch import kernels_in_use, use_kernels
    >>> with use_kernels("reference"):
    ...     kernels_in_use()
    'reference'
    """
    if name not in KERNELS:
        raise ValueError(f"kernels {name!r} do not exist; choose one of {', '.join(KERNELS)}")
    if name == "cuda":
        _check_emulated()
    return _chosen.changed(lambda chosen: chosen._replace(name=name))


def watch_kernels(watcher: Watcher) -> Block[Choice]:
    """Within the block ops get ``watcher(module)`` in place of a module of kernels."""
    return _chosen.changed(lambda chosen: chosen._replace(watcher=watcher))


def kernels_in_use() -> str:
    """The name of the kernels that serve NumPy arrays here."""
    return _chosen.get().name


def _check_emulated() -> None:
    if not _load("cuda.runtime.loading").emulated():
        raise RuntimeError(
            "the CUDA kernels take NumPy arrays only where an emulator runs them, within "
            "minigrad.kernels.cuda.runtime.loading.use(emulator); on a GPU, move Tensors there by .to('cuda')"
        )


def _load(name: str) -> ModuleType:
    if name not in _loaded:
        _loaded[name] = importlib.import_module(f"minigrad.kernels.{name}")
    return _loaded[name]
