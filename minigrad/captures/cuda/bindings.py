"""Bindings: the arrays that the names of a trace stand for during one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.captures.layout import place
from minigrad.captures.structures import leaves
from minigrad.captures.trace import Drawn, External, Slot, Trace
from minigrad.tracing import CaptureError
from minigrad.types import Array


class Bindings:
    """The arrays that a run of a trace's lines has made so far, by their names."""

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
        """Drop the array."""
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
        """A view that the step took of an array without an op, so that no line makes it."""
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
