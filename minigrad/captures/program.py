"""Program: the lines of a trace on fixed buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from minigrad.captures import memory
from minigrad.captures.layout import owner_of, place
from minigrad.captures.plan import fused, lifetimes_of, offsets_of
from minigrad.captures.structures import leaves, transform
from minigrad.captures.trace import Drawn, External, Line, Slot, Trace
from minigrad.kernels import launching
from minigrad.tensor import Tensor
from minigrad.tracing import Bindable, CaptureError
from minigrad.types import Array

Call = Callable[[], object]


class Program:
    """The lines of a trace as calls without arguments.

    Every slot has a fixed place in the shared memory; slots that are never needed at once may share theirs.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.lines = fused(trace)
        self._drawn = sorted({index for line in self.lines for index in _drawn_from(line)})
        lifetimes = lifetimes_of(trace, self.lines)
        offsets, self.size = offsets_of(list(lifetimes.values()))
        self.offsets = dict(zip(lifetimes, offsets, strict=True))
        self._memory: Array | None = None
        self._generators: list[np.random.Generator] = []
        self._arrays: dict[int, Array] = {}
        self._calls: list[Call] = []
        self._unnoted: list[tuple[Call, list[Array], list[Array]]] = []
        self._inputs: list[Array] = []

    def run(self, inputs: Sequence[Tensor], generators: list[np.random.Generator]) -> None:
        """Replay the step; ``array`` returns what it made until another program runs."""
        buffers = memory.shared(self.size)
        if buffers is not self._memory or any(
            generators[index] is not self._generators[index] for index in self._drawn
        ):
            self._bind(buffers, generators)
        for buffer, tensor in zip(self._inputs, inputs, strict=True):
            buffer[...] = tensor._data
        if self._unnoted:
            self._calls = [self._noted(*line) for line in self._unnoted]
            self._unnoted = []
            return
        with launching.lock:
            for call in self._calls:
                call()

    def array(self, name: Slot | External) -> Array:
        """The array of that name."""
        return self.trace.externals[name.index] if isinstance(name, External) else self._arrays[name.index]

    def copy(self, name: Slot | External) -> Array:
        """A copy of the array of that name."""
        return self.array(name).copy()

    def _bind(self, buffers: Array, generators: list[np.random.Generator]) -> None:
        trace = self.trace
        self._memory, self._generators = buffers, generators
        self._arrays = {
            index: place(buffers, self.offsets[slot.root] + slot.offset, slot.shape, slot.strides, slot.dtype)
            for index, slot in enumerate(trace.slots)
            if slot.root in self.offsets
        }
        self._inputs = [self.array(name) for name in trace.inputs]
        self._unnoted = [
            (call, *self._arrays_of(line)) for line in self.lines if (call := self._call(line)) is not None
        ]

    def _call(self, line: Line) -> Call | None:
        """The line as a call that leaves its results in their buffers; None if all of them are views."""
        made = list(leaves(line.results))
        targets = [
            (place, self._arrays[name.index])
            for place, name in enumerate(made)
            if isinstance(name, Slot) and self._is_made_by(name, line)
        ]
        if line.pure and not targets:
            return None
        args, params = transform(line.args, self._resolve), transform(line.params, self._resolve)
        if line.fills and len(targets) == len(made):
            params["out"] = transform(line.results, self._resolve)
            targets = []
        if isinstance(line.function, Bindable):
            return line.function.bound(*args)
        call = partial(line.function, *args, **params)
        if not targets:
            return call
        return _keeping(call, targets, single=not isinstance(line.results, tuple | list | dict))

    def _arrays_of(self, line: Line) -> tuple[list[Array], list[Array]]:
        """The arrays that the line's call reads and those that it fills; none if it does more than that."""
        if not (line.pure and line.fills):
            return [], []
        read, filled = leaves((line.args, line.params)), leaves(line.results)
        return self._found(read), self._found(filled)

    def _found(self, names: Iterable[object]) -> list[Array]:
        return [self.array(name) for name in names if isinstance(name, Slot | External)]

    @staticmethod
    def _noted(call: Call, read: list[Array], filled: list[Array]) -> Call:
        """Make the call once and return a shorter one: the only launch in it, or else the call itself.

        The launch stands for the call if it acts on views of the line's arrays alone and, made again, fills
        the results with the same bits.
        """
        with launching.noting() as launches:
            call()
        owners = {id(owner_of(array)) for array in (*read, *filled)}
        if len(launches) != 1:
            return call
        given = [v for v in leaves(launches[0].given) if isinstance(v, np.ndarray) and v.size]
        if any(id(owner_of(value)) not in owners for value in given):
            return call
        expected = _checksums(filled)
        for array in filled:
            array.fill(np.nan)
        launches[0].call()
        if _checksums(filled) == expected:
            return launches[0].call
        call()
        return call

    def _is_made_by(self, name: Slot, line: Line) -> bool:
        """Whether ``name`` is memory of its own, neither a view nor one of the line's arguments."""
        own = self.trace.slots[name.index].root == name.index
        return own and name not in leaves((line.args, line.params))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, Slot | External):
            return self.array(value)
        return self._generators[value.index] if isinstance(value, Drawn) else value


def _drawn_from(line: Line) -> Iterator[int]:
    """The generators, among the step's arguments, from which the line draws."""
    return (name.index for name in leaves((line.args, line.params)) if isinstance(name, Drawn))


def _checksums(arrays: Iterable[Array]) -> list[int]:
    """A checksum of each array's bytes: large results are compared without a copy of them."""
    return [crc32(array.ravel("K").view(np.uint8).data) for array in arrays]


def _keeping(call: Call, targets: list[tuple[int, Array]], *, single: bool) -> Call:
    """``call``, which then copies its results at the positions of ``targets`` into the buffers there."""

    def keeping() -> None:
        results = (call(),) if single else tuple(leaves(call()))
        for position, buffer in targets:
            result = results[position]
            if np.shape(result) != buffer.shape:
                raise CaptureError(
                    f"{call} made shape {np.shape(result)} where the recording has {buffer.shape}; a shape "
                    "that depends on numbers, as of x[mask], cannot be captured: do that outside the step"
                )
            buffer[...] = result

    return keeping
