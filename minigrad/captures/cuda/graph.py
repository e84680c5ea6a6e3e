"""GraphProgram: the lines of a trace on a GPU, replayed as one CUDA graph.

Lines without an array on the GPU are the host's: draws from NumPy's generators, learning rates, counts of
steps. None of them may read what the GPU computes, so a replay

1. copies its arguments into arrays with fixed addresses,
2. calls the host's lines in their order, and copies to the GPU, all at once, what its lines read of them,
3. launches the graph, which ends by copying what the step returns into one array,
4. copies that array, so that a result stays readable, and the arrays of ``tracing.check`` into host memory.

It waits for nothing. The checks of a replay are made before the second replay after it, or by ``check``.

The first replay runs the GPU's lines one by one, on the graph's stream and in its pool, and then records
them: by then every kernel is compiled and the pool is large enough. In the graph each array has the address
that it had when the graph was made. Temporaries lie in the pool, which nothing else uses and which lives as
long as the program; arguments, copies and results have arrays of the program's own; parameters and the like
are the trace's externals. Whatever else is frozen, launch arguments above all, goes to ``tracing.watch``.

Graph, stream and pool are CuPy's. CuPy refuses to record whatever waits for the GPU (an array read back, a
mask of bools as an index) and cuBLAS's products; minigrad refuses copies from the host, whose memory has
another use in a replay. Each is a CaptureError that names the line.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from minigrad.captures.cuda.bindings import Bindings
from minigrad.captures.cuda.copies import HostCopies, Packed
from minigrad.captures.layout import place
from minigrad.captures.plan import fused
from minigrad.captures.structures import leaves, transform
from minigrad.captures.trace import External, Line, Returned, Slot, Trace
from minigrad.devices import moves_refused, xp_on
from minigrad.kernels.forking import check_gpu
from minigrad.tensor import Tensor
from minigrad.tracing import CaptureError
from minigrad.types import Array

Name = Slot | External


class GraphProgram:
    """The lines of a trace as calls on the host and one graph on the GPU."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._xp = xp_on("cuda")
        self._host: list[Callable[[Bindings], None]] = []
        self._lines: list[tuple[int, Line]] = []
        self._checks: list[tuple[int, Line]] = []
        self._taken: list[tuple[int, Name]] = []
        self._split()
        self._sent = Packed([_layout(trace, name) for _, name in self._taken], np)
        self._uploads = Packed([_layout(trace, name) for _, name in self._taken], self._xp)
        returned = _names(value.array for value in leaves(trace.results) if isinstance(value, Returned))
        on_gpu = [name for name in returned if trace.device_of(name) != "cpu"]
        self._results = Packed([_layout(trace, name) for name in on_gpu], self._xp)
        self._places = {name: position for position, name in enumerate(on_gpu)}
        checked = _names((number, name) for number, line in self._checks for name in _arrays_in(line.args))
        self._checked = {name: position for position, name in enumerate(checked)}
        self._host_copies = HostCopies([_layout(trace, name) for _, name in checked], self._xp)
        self._last = self._last_uses(on_gpu)
        self._inputs = [self._buffer(name) for name in trace.inputs]
        self._pool: Any = None
        self._graph: Any = None
        self._made = Bindings(trace)
        self._copies: dict[Name, Array] = {}

    def run(self, inputs: Sequence[Tensor], generators: list[np.random.Generator]) -> None:
        """Replay the step; ``copy`` returns what it made."""
        check_gpu()
        self._host_copies.check(self._check)
        self._made = Bindings(self.trace, generators)
        for name, buffer, tensor in zip(self.trace.inputs, self._inputs, inputs, strict=True):
            buffer[...] = tensor._data
            self._made.bind(name, buffer)
        for call in self._host:
            call(self._made)
        if self._taken:
            self._uploads.memory[...] = self._xp.asarray(self._sent.memory)
        if self._graph is None:
            self._begin()
        else:
            self._graph.launch()
        if self._places:
            self._copies = dict(zip(self._places, self._results.copies(), strict=True))
        if self._checks:
            self._host_copies.send()

    def copy(self, name: Name) -> Array:
        """A copy of an array of the last replay."""
        if name not in self._places:
            there: Array = self._made.resolve(name)
            return there.copy()
        copy = self._copies.pop(name, None)
        return self._results.arrays[self._places[name]].copy() if copy is None else copy

    def check(self) -> None:
        """Wait for the replays so far, and make their checks."""
        self._host_copies.check(self._check, wait_for_all=True)

    def _check(self, values: list[Array]) -> None:
        for number, line in self._checks:
            arrays = iter([values[self._checked[number, name]] for name in _arrays_in(line.args)])
            args = transform(line.args, lambda value: next(arrays) if _is_name(value) else value)  # noqa: B023
            line.function(*args)

    # -- lines of the host, lines of the GPU ----------------------------------------------------------

    def _split(self) -> None:
        for number, line in enumerate(fused(self.trace)):
            given, made = _arrays_in((line.args, line.params)), _arrays_in(line.results)
            at = {name: self.trace.device_of(name) for name in (*given, *made)}
            if all(device == "cpu" for device in at.values()):
                self._host.append(_host_call(line))
            elif line.checks and all(device != "cpu" for device in at.values()):
                self._checks.append((number, line))
                self._lines.append((number, line))
            elif any(at[name] == "cpu" for name in made):
                raise CaptureError(
                    f"{_text(number, line)} of a captured step takes numbers from the GPU to the CPU, and a "
                    "replay does not wait for the GPU; return the Tensor and read it outside"
                )
            else:
                for name in _names(name for name in given if at[name] == "cpu"):
                    self._host.append(self._sending(len(self._taken), name))
                    self._taken.append((number, name))
                self._lines.append((number, line))

    def _sending(self, position: int, name: Name) -> Callable[[Bindings], None]:
        """The call that copies the array as it is when the line that reads it has its turn."""

        def send(made: Bindings) -> None:
            self._sent.arrays[position][...] = made.resolve(name)

        return send

    # -- the GPU's lines ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Run the GPU's lines, and record them."""
        cuda = self._xp.cuda
        outside, stream = cuda.get_current_stream(), cuda.Stream(non_blocking=True)
        self._pool = cuda.MemoryPool()
        outside.synchronize()
        with stream, cuda.using_allocator(self._pool.malloc), _without_garbage_collection():
            self._compute()
            stream.synchronize()
            self._graph = self._record(stream)

    def _record(self, stream: Any) -> Any:
        refused = self._xp.cuda.runtime.CUDARuntimeError
        stream.begin_capture()
        try:
            with moves_refused():
                self._compute(into_graph=True)
        except BaseException:
            with suppress(refused):  # an invalid capture ends with an error, but it ends
                stream.end_capture()
            raise
        try:
            graph = stream.end_capture()
        except refused as error:
            raise CaptureError(
                f"CUDA refuses the graph of a captured step: {error}; call the step itself"
            ) from error
        graph.upload(stream)
        stream.synchronize()
        return graph

    def _compute(self, *, into_graph: bool = False) -> None:
        made = Bindings(self.trace)
        for name, buffer in zip(self.trace.inputs, self._inputs, strict=True):
            made.bind(name, buffer)
        sent = dict(zip(self._taken, self._uploads.arrays, strict=True))
        for number, line in self._lines:

            def resolve(value: Any, number: int = number) -> Any:
                there = sent.get((number, value)) if _is_name(value) else None
                return made.resolve(value) if there is None else there

            args, params = transform(line.args, resolve), transform(line.params, resolve)
            try:
                if line.checks:
                    self._keep_for_check(number, line, made)
                else:
                    made.bind(line.results, line.function(*args, **params))
            except Exception as error:
                if not into_graph:
                    raise
                raise CaptureError(
                    f"{_text(number, line)} of a captured step cannot be part of a CUDA graph: {error}; "
                    "do that outside the step, or call the step itself, which gives the same numbers"
                ) from error
            for slot in self._last.get(number, ()):
                made.forget(slot)
        for result, position in self._places.items():
            self._results.arrays[position][...] = made.resolve(result)

    def _keep_for_check(self, number: int, line: Line, made: Bindings) -> None:
        for name in _names(_arrays_in(line.args)):
            self._host_copies.packed.arrays[self._checked[number, name]][...] = made.resolve(name)

    def _last_uses(self, kept: list[Name]) -> dict[int, list[Slot]]:
        """For each line the arrays that nothing reads after it, not even through a view."""
        last: dict[Slot, int] = {}
        for number, line in self._lines:
            for name in _arrays_in((line.args, line.params, line.results)):
                last.update((slot, number) for slot in self._with_root(name))
        needed = {slot for name in kept for slot in self._with_root(name)}
        ends: dict[int, list[Slot]] = {}
        for slot, number in last.items():
            if slot not in needed:
                ends.setdefault(number, []).append(slot)
        return ends

    def _with_root(self, name: Name) -> list[Slot]:
        return [name, Slot(self.trace.slots[name.index].root)] if isinstance(name, Slot) else []

    def _buffer(self, name: Slot) -> Array:
        layout = self.trace.slots[name.index]
        memory = (np if layout.device == "cpu" else self._xp).empty(max(layout.size, 1), np.uint8)
        return place(memory, layout.offset, layout.shape, layout.strides, layout.dtype)


def _host_call(line: Line) -> Callable[[Bindings], None]:
    def call(made: Bindings) -> None:
        args, params = transform(line.args, made.resolve), transform(line.params, made.resolve)
        made.bind(line.results, line.function(*args, **params))

    return call


def _layout(trace: Trace, name: Name) -> tuple[tuple[int, ...], np.dtype[Any]]:
    described: Any = trace.slots[name.index] if isinstance(name, Slot) else trace.externals[name.index]
    return described.shape, described.dtype


def _is_name(value: object) -> bool:
    return isinstance(value, Slot | External)


def _arrays_in(structure: Any) -> list[Name]:
    return [value for value in leaves(structure) if isinstance(value, Slot | External)]


def _names(names: Any) -> list[Any]:
    """Each name once."""
    return list(dict.fromkeys(names))


def _text(number: int, line: Line) -> str:
    return f"{line.name} (line {number})"


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Another program's memory, for one, must not be freed while a graph is recorded."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
