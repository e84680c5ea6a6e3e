"""Arrays by their names in a trace, and arrays side by side in one piece of memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.arrays import Array
from minigrad.capturing.arrays import leaves, place
from minigrad.capturing.memory import ALIGNMENT
from minigrad.capturing.trace import Drawn, External, Slot, Trace
from minigrad.tracing import CaptureError

Layouts = Sequence[tuple[tuple[int, ...], np.dtype[Any]]]


class Arrays:
    """What a run of the lines of a trace has made so far."""

    def __init__(self, trace: Trace, generators: Sequence[np.random.Generator] = ()) -> None:
        self._trace = trace
        self._generators = generators
        self._made: dict[int, Array] = {}

    def bind(self, names: Any, results: Any) -> None:
        """Note what a line returned: arrays for its Slots."""
        for name, value in zip(leaves(names), leaves(results), strict=True):
            if isinstance(name, Slot):
                self._check_shape(name, value)
                self._made[name.index] = value

    def forget(self, name: Slot) -> None:
        """Keep the array no longer."""
        self._made.pop(name.index, None)

    def resolve(self, value: Any) -> Any:
        """The array or generator of that name; anything else is itself."""
        if isinstance(value, Slot):
            made = self._made.get(value.index)
            return self._view(value) if made is None else made
        if isinstance(value, External):
            return self._trace.externals[value.index]
        return self._generators[value.index] if isinstance(value, Drawn) else value

    def _view(self, name: Slot) -> Array:
        """A view that the step took of an array by itself, without a line."""
        layout = self._trace.slots[name.index]
        root, start = self._made.get(layout.root), self._trace.slots[layout.root].offset
        if root is None or layout.device == "cpu":
            raise CaptureError(
                f"a captured step took a view, {layout.dtype} {layout.shape}, of an array that it had made, "
                "which a replay cannot do again; take it by an op, such as minigrad.ops.getitem or reshape"
            )
        return place(root, layout.offset - start, layout.shape, layout.strides, layout.dtype)

    def _check_shape(self, name: Slot, value: Array) -> None:
        layout = self._trace.slots[name.index]
        if value.shape != layout.shape:
            raise CaptureError(
                f"a line of a captured step made shape {value.shape} where the recording has {layout.shape}; "
                "a shape that depends on numbers, as of x[mask], cannot be captured: do that outside the step"
            )


class Packed:
    """Arrays of the given shapes and dtypes in one piece of memory, each C-contiguous, on one device."""

    def __init__(self, layouts: Layouts, xp: Any) -> None:
        self._layouts = layouts
        self._offsets, size = [], 0
        for shape, dtype in layouts:
            self._offsets.append(size)
            size += -(-math.prod(shape) * dtype.itemsize // ALIGNMENT) * ALIGNMENT
        self.memory: Array = xp.empty(max(size, 1), np.uint8)
        self.arrays = self.views(self.memory)

    def copies(self) -> list[Array]:
        """The arrays in new memory, copied at once."""
        return self.views(self.memory.copy())

    def views(self, memory: Array) -> list[Array]:
        """The arrays as they lie in ``memory``."""
        return [
            place(memory, offset, shape, _strides(shape, dtype.itemsize), dtype)
            for (shape, dtype), offset in zip(self._layouts, self._offsets, strict=True)
        ]


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    return tuple([itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape))])
