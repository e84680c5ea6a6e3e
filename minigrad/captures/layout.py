"""Where arrays lie in memory: their owner, their extent, and the Layout that a trace has of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.arrays import address_of, is_array, on_gpu
from minigrad.devices import xp_of
from minigrad.types import Array


@dataclass(frozen=True)
class Layout:
    """Where a slot's array lies: ``offset`` bytes into the ``size`` bytes of its root.

    The root is the slot itself or, of a view, the slot whose memory it shares.
    """

    root: int
    size: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]
    device: str


def owner_of(array: Array) -> Array:
    """The array whose memory ``array`` is a view of; itself if it has its own."""
    base: Any = array.base
    while is_array(base):
        array, base = base, base.base
    return array


def extent_of(array: Array) -> tuple[int, int]:
    """The addresses of the first byte of ``array`` and of the one after its last."""
    address: int = address_of(array)
    if array.size == 0:
        return address, address
    ways = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    low, high = sum(min(way, 0) for way in ways), sum(max(way, 0) for way in ways)
    return address + low, address + high + int(array.itemsize)


def place(memory: Array, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> Array:
    """The array of this layout whose first element lies ``offset`` bytes from that of ``memory``."""
    if on_gpu(memory):
        array: Array = xp_of(memory).ndarray(shape, dtype, memory.data + offset, strides)  # type: ignore[operator]
        return array
    return np.ndarray(shape, dtype, memory, offset, strides)


def copy_of(array: Array) -> Array:
    """A copy in memory of its own, with the strides of ``array``: a kernel may choose its way by them."""
    low, high = extent_of(array)
    memory = xp_of(array).empty(max(high - low, 1), np.uint8)
    copy = place(memory, address_of(array) - low, array.shape, array.strides, array.dtype)
    copy[...] = array
    return copy
