"""capture(step): which recording serves a call, and when a new one is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from types import MethodType
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar, cast

import numpy as np

from minigrad import random
from minigrad.arrays import is_array
from minigrad.captures import memory
from minigrad.captures.compare import check_same
from minigrad.captures.cuda.graph import GraphProgram
from minigrad.captures.program import Program
from minigrad.captures.structures import transform
from minigrad.captures.trace import Returned, Trace
from minigrad.dispatch import kernels_in_use
from minigrad.kernels.precision import tf32_allowed
from minigrad.node import Node
from minigrad.op import Op
from minigrad.tensor import Tensor
from minigrad.tracing import CaptureError, Changes, mode, using
from minigrad.types import Array

P = ParamSpec("P")
R = TypeVar("R")

KEPT = 8
"""Recordings that one step keeps; the one used longest ago goes first."""

CONTAINERS = (list, tuple, dict)
VALUES = (bool, int, float, str)


class Captured(Generic[P, R]):
    """A step that is recorded in its first two calls and replayed in later ones; called as the step itself.

    ``step`` is the function itself, ``replays`` counts the calls that were served by a recording.
    """

    def __init__(self, step: Callable[P, R]) -> None:
        update_wrapper(self, step)
        self.step = step
        self.replays = 0
        self._closure = getattr(step, "__closure__", None) or ()
        self._recordings: list[_Recording] = []

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        current = mode()
        if current.tracer is not None or current.checking:
            return self.step(*args, **kwargs)
        with memory.lock:
            if memory.running:
                return self.step(*args, **kwargs)
            call = _Call(args, kwargs, self._closure, current.building_graph)
            recording = self._recording(call)
            if recording.program is None:
                return cast(R, recording.record(self.step, call))
            result = recording.replay(call)
            self.replays += 1
            return cast(R, result)

    def check(self) -> None:
        """Wait for the replays so far and raise what their checks found, such as NonFiniteError.

        A replay on the CPU raises that itself; on a GPU the second call after it does, or this method.
        """
        for recording in self._recordings:
            if isinstance(recording.program, GraphProgram):
                recording.program.check()

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<captured {getattr(self.step, '__qualname__', self.step)}>"

    def _recording(self, call: _Call) -> _Recording:
        recordings = self._recordings
        for index, recording in enumerate(recordings):
            if recording.key == call.key and recording.holds():
                if index:
                    recordings.insert(0, recordings.pop(index))
                return recording
        recordings.insert(0, _Recording(call))
        del recordings[KEPT:]
        return recordings[0]


def capture(step: Callable[P, R]) -> Captured[P, R]:
    """``step`` as a function that is recorded once and then replayed: the same numbers, bit for bit, sooner.

    A step is a whole update, optimizer included, or any other function of Tensors. Its arguments may be

    - Tensors, whose numbers are new in each call;
    - ``numpy.random.Generator``, from which a replay draws what the step does, through ``minigrad.random``;
    - anything else (modules, optimizers, a ``minigrad.random.Philox``, numbers): each object and each value
      has a recording of its own.

    It returns Tensors, None or constants, also in tuples, lists and dicts; what a call returns is a copy, and
    no gradient flows through it. Other shapes, dtypes, attributes of modules (``train``, ``eval``) or arrays
    of parameters are recorded anew; learning rates and other settings of optimizers are read in each call.

    Raises CaptureError where a replay could not do the same: if the step reads a Tensor's numbers
    (``float(t)``, ``t.data``, ``if t``), differentiates through something made outside it, or does something
    else in its second call than in its first. An argument that an op computed, ``step(2 * x)``, is refused in
    every call: pass ``(2 * x).detach()``. Within ``check_finite()`` the step runs as it is.

    Side effects on Python objects happen only while recording. Values that are read from Python are frozen
    then: a global number, an attribute of an object that is no module, a list or dict outside the arguments.
    Pass what changes as an argument.

    On a GPU a replay launches one CUDA graph and does not wait for it (``minigrad.captures.cuda.graph``). The
    step may then read nothing back (numbers that can wait go into ``minigrad.Readings``), and
    ``minigrad.modify`` calls its function only while the graph is recorded.

    >>> import minigrad as mg
    >>> double = mg.capture(lambda x: x * 2.0)
    >>> [double(mg.tensor(x)).item() for x in (1.0, 2.0, 3.0)], double.replays
    ([2.0, 4.0, 6.0], 1)
    """
    return Captured(step)


class _Call:
    """The arguments of a call, sorted: ``key`` decides which recordings can serve it."""

    def __init__(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], closure: Sequence[Any], building_graph: bool
    ) -> None:
        self.args = args
        self.kwargs = kwargs
        self.tensors: list[Tensor] = []
        self.generators: list[np.random.Generator] = []
        self.kept: list[Any] = []
        self.key: list[Any] = [building_graph, kernels_in_use(), tf32_allowed(), *kwargs]
        for place, value in enumerate(args):
            self._add(value, place)
        for name, value in kwargs.items():
            self._add(value, name)
        for cell in closure:
            self._add_fixed(cell.cell_contents)

    def _add(self, value: Any, name: int | str) -> None:
        if type(value) is Tensor:
            if value._made is not None:
                raise CaptureError(
                    f"argument {name} was computed by {value._made[0].name}, and a captured step cannot "
                    "differentiate through what is outside it; pass it with .detach(), or compute it inside "
                    "the step"
                )
            array = value._data
            self.key.append((type(array), array.shape, array.strides, array.dtype))
            self.key.append(_place(value, self.tensors))
        elif isinstance(value, np.random.Generator) and value is not random.generator():
            self.key.append(_place(value, self.generators))
        elif isinstance(value, CONTAINERS):
            self.key.append((type(value), len(value)))
            if isinstance(value, dict):
                self.key.extend(value)
            for part in value.values() if isinstance(value, dict) else value:
                self._add(part, name)
        elif is_array(value):
            raise CaptureError(
                f"argument {name} of a captured step is an array, whose numbers a replay would not see; pass "
                "minigrad.Tensor(array)"
            )
        else:
            self._add_fixed(value)

    def _add_fixed(self, value: Any) -> None:
        if value is None or isinstance(value, VALUES):
            self.key.append((type(value), _exact(value)))
        else:
            self.key.append(id(value))
            self.kept.append(value)  # so that no other object gets its id


def _exact(value: Any) -> Any:
    """A plain value as a key that distinguishes it: 0.0 is not -0.0, and NaN is NaN."""
    return value.hex() if isinstance(value, float) else value


def _place(value: Any, values: list[Any]) -> int:
    """The index of ``value`` itself in ``values``; it is appended if it is not there."""
    for index, other in enumerate(values):
        if other is value:
            return index
    values.append(value)
    return len(values) - 1


class _Recording:
    """The trace of one run, and the program once a second run did the same."""

    def __init__(self, call: _Call) -> None:
        self.key = call.key
        self.program: Program | GraphProgram | None = None
        self._kept = call.kept
        self._trace: Trace | None = None
        self._changes = -1
        self._leaves: list[tuple[Tensor, Array]] = []
        self._watched: list[tuple[Callable[[], Any], Any]] = []

    def holds(self) -> bool:
        """Whether the modules, parameters and ops that the step met are as they were."""
        if self._changes != Changes.count:
            if self._trace is None or any(t._data is not array for t, array in self._leaves):
                return False
            if not all(_unchanged(vars(owner), before) for owner, before in self._trace.touched.values()):
                return False
            if any(op.revision != before for op, before in self._trace.ops.items()):
                return False
            self._changes = Changes.count
        return not self._watched or all(function() == before for function, before in self._watched)

    def record(self, step: Callable[..., Any], call: _Call) -> Any:
        """Run the step and note what it does."""
        trace = Trace()
        trace.generators = call.generators
        inside = {id(t): trace.input(t) for t in call.tensors}
        args, kwargs = transform((call.args, call.kwargs), lambda value: inside.get(id(value), value))
        with using(tracer=trace):
            results = step(*args, **kwargs)
        trace.finish(results)
        self._changes = Changes.count
        self._leaves = trace.leaves
        self._watched = trace.watched
        before, self._trace = self._trace, trace
        if before is not None:
            check_same(before, trace)
            self.program = GraphProgram(trace) if trace.on_gpu else Program(trace)
        return transform(results, lambda value: self._outside(value, call))

    def replay(self, call: _Call) -> Any:
        """Run the program instead of the step."""
        program = self.program
        assert program is not None
        memory.running = True
        try:
            program.run(call.tensors, call.generators)
        finally:
            memory.running = False
        return transform(program.trace.results, lambda value: self._returned(value, program, call))

    def _outside(self, value: Any, call: _Call) -> Any:
        if not isinstance(value, Tensor):
            return value
        return self._result(value._data.copy(), value.op is not None, call)

    def _returned(self, value: Any, program: Program | GraphProgram, call: _Call) -> Any:
        if type(value) is not Returned:
            return value
        return self._result(program.copy(value.array), value.differentiable, call)

    def _result(self, array: Array, differentiable: bool, call: _Call) -> Tensor:
        result = Tensor(array)
        if differentiable:
            inputs = (*[t for t, _ in self._leaves], *call.tensors)
            result._made = Node(_END, inputs, {}, tuple([t._version.count for t in inputs]))
        return result


class _End(Op):
    """Stands where the graph of a captured step ended, so that ``grad`` refuses instead of giving zeros."""

    def __init__(self) -> None:
        self.name = "captured step"
        self.variadic = False
        self.joint_rule = None

    def derivative(self, index: int) -> NoReturn:
        raise CaptureError(
            "what a captured step returned cannot be differentiated: ask for the gradient inside the step"
        )


_END = _End()


def _unchanged(now: dict[str, Any], before: dict[str, Any]) -> bool:
    if now.keys() != before.keys():
        return False
    for name, value in now.items():  # most are the same object, and a sample's latency has this loop in it
        if value is not before[name] and not _same(value, before[name]):
            return False
    return True


def _same(now: Any, before: Any) -> bool:
    """Whether an attribute is unchanged for a step: the same object, or an equal plain value."""
    if now is before:
        return True
    if type(now) is not type(before):
        return False
    if isinstance(now, tuple):
        return len(now) == len(before) and all(map(_same, now, before))
    return isinstance(now, VALUES) and bool(_exact(now) == _exact(before))
