"""Observer: the Tracer that fills a Trace while a step runs. It reads numbers and changes none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from minigrad.arrays import is_array
from minigrad.autograd import grad
from minigrad.devices import to_device
from minigrad.dispatch import watch_kernels
from minigrad.inspect.formulas import formula_of, rule_of
from minigrad.inspect.records import Call, Kernel, Note, Place, Pull, Value, Visit, Walk
from minigrad.inspect.statistics import statistics_of
from minigrad.tensor import Tensor
from minigrad.tracing import Tracer, mode
from minigrad.types import Array

BETWEEN = ("minigrad", "contextlib", "functools")
"""Packages whose frames stand between an op and the line of the user's code that led to it."""


class _Ran(NamedTuple):
    """An op whose forward function has run, before its result is a Tensor."""

    op: Any
    inputs: tuple[int, ...]
    params: Mapping[str, Any]
    place: Place
    seconds: float
    kernels: tuple[Kernel, ...]


class Observer(Tracer):
    """Notes what a step does. It holds every Tensor that it meets, so that no id is used twice."""

    keeps_graphs = True

    def __init__(self, keep_arrays: bool = False, everything: bool = False) -> None:
        self.ops: list[tuple[Any, Mapping[str, Any]]] = []
        self.calls: list[Call] = []
        self.values: list[Value] = []
        self.pulls: list[Pull] = []
        self.visits: list[Visit] = []
        self.walks: list[Walk] = []
        self.notes: list[Note] = []
        self.tensors: list[Tensor] = []
        self.modules: list[tuple[Any, ...]] = []
        self.before: dict[int, Array] = {}
        self._keep_arrays = keep_arrays
        self._everything = everything
        self._index: dict[int, tuple[int, int]] = {}
        """By the id of a Tensor, its version and the index of its value."""
        self._arrays: dict[int, tuple[Array, int | str]] = {}
        self._kernels: list[Kernel] = []
        self._ran: _Ran | None = None
        self._visit: int | None = None
        self._walk: Walk | None = None
        self._pull: Pull | None = None
        self._order = 0
        self._sums: list[int] = []

    # -- minigrad.tracing.Tracer -------------------------------------------------------------------

    def op(self, op: Any, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> tuple[Array, Any]:
        values = tuple([self.value(x) for x in inputs])
        self._kernels = []
        with watch_kernels(self._watched):
            start = time.perf_counter()
            made = op.run(inputs, params)
            seconds = time.perf_counter() - start
        self._ran = _Ran(op, values, params, _place(), seconds, tuple(self._kernels))
        return made  # type: ignore[no-any-return]

    def made(self, tensor: Tensor) -> None:
        assert self._ran is not None
        ran, within = self._ran, self._walk is not None
        output = self._add(tensor, "result", ran.op.name, ran.params, maker=len(self.calls))
        order = self._order if within else max([0, *map(self._order_of, ran.inputs)])
        self._add_call(ran, output, order, tensor._made is not None)
        if self._walk is not None and self._pull is None and self._sums:
            self._walk.gradients[self._sums.pop(0)] = output

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        start = time.perf_counter()
        results = function(*args, **params)
        name = _name_of(function, args)
        self.notes.append(Note(name, len(self.calls), _place(), time.perf_counter() - start))
        for array in results if isinstance(results, tuple) else (results,):
            if is_array(array):
                self._arrays[id(array)] = array, name
        return results

    @contextmanager
    def inside(self, modules: Sequence[Any]) -> Iterator[None]:
        kinds = tuple([type(m).__name__ for m in modules])
        settings = "; ".join(m.extra_repr() for m in modules if m.extra_repr())
        outer, self._visit = self._visit, len(self.visits)
        self.visits.append(Visit(self._visit, kinds, outer, settings=settings))
        self.modules.append(tuple(modules))
        try:
            yield
        finally:
            self._visit = outer

    @contextmanager
    def differentiating(self, output: Tensor, wrt: Sequence[Tensor]) -> Iterator[None]:
        wanted = tuple([self.value(t) for t in wrt])
        outer = self._walk, self._order, self._pull, self._sums
        graph = mode().building_graph
        self._walk = Walk(len(self.walks), self.value(output), wanted, _place(), graph)
        self._order, self._pull, self._sums = self._order_of(self._walk.output) + 1, None, []
        self.walks.append(self._walk)
        try:
            yield
        finally:
            self._walk, self._order, self._pull, self._sums = outer
        if self._everything and not graph:
            self._walk_to_all(output, wrt)

    def _walk_to_all(self, output: Tensor, asked: Sequence[Tensor]) -> None:
        """Differentiate with respect to every other leaf too, in a walk marked ``extra``."""
        passed = {id(t) for t in asked}
        further = [t for t in _leaves_behind(output) if id(t) not in passed and t.is_float]
        if further:
            number, self._everything = len(self.walks), False
            grad(output, further, unused="zeros")
            self.walks[number].extra, self._everything = True, True

    def pulling(self, y: Tensor, g: Tensor) -> None:
        assert self._walk is not None
        value = self.value(y)
        call = self.values[value].maker
        if call is None:  # made before the trace began
            call = self._earlier(y)
        self._order = self.calls[call].order + 1
        self._walk.gradients[value] = self.value(g)
        self._pull = Pull(len(self.pulls), self._walk.index, call, self._order, self.value(g))
        self._walk.pulls.append(self._pull.index)
        self.pulls.append(self._pull)

    def pulled(self, y: Tensor, gradients: Sequence[tuple[int, Any]]) -> None:
        assert self._walk is not None
        assert self._pull is not None
        assert y.op is not None
        pull, inputs = self._pull, self.calls[self._pull.call].inputs
        for position, gradient in gradients:
            x, sent = inputs[position], self.value(gradient)
            pull.sent[position] = sent
            pull.rules[position] = rule_of(y.op, position)
            if x in self._walk.gradients:
                self._sums.append(x)  # grad adds the two next
            else:
                self._walk.gradients[x] = sent
        if y.op.joint_rule is None:
            positions = range(len(inputs))
            pull.zero = tuple([i for i in positions if i not in pull.sent and y.op.derivative(i) is None])
        self._pull = None

    # -- values ------------------------------------------------------------------------------------

    def value(self, tensor: Tensor) -> int:
        """The index of a Tensor among the values; one that is met for the first time is added."""
        version, known = self._index.get(id(tensor), (-1, -1))
        if version == tensor.version:
            return known
        kind = "parameter" if type(tensor) is not Tensor else "leaf" if tensor._made is None else "result"
        return self._add(tensor, kind)

    def _add(
        self, tensor: Tensor, kind: str, op: str = "", params: Any = None, maker: int | None = None
    ) -> int:
        index, array = len(self.values), tensor._data
        value = Value(
            index, tensor.shape, str(tensor.dtype), kind, statistics_of(array, op, params), maker=maker
        )
        if kind == "leaf":
            _, source = self._arrays.get(id(array), (None, None))
            if isinstance(source, int):
                value.cut_from = source
            elif source is not None:
                value.name = source
            elif array.size == 1:
                value.name = f"{value.statistics.mean:.4g}"
        if self._keep_arrays or kind != "result":
            copy = to_device(array, "cpu").copy()
            value.array = copy if self._keep_arrays else None
            if kind != "result":
                self.before[index] = copy
        self.values.append(value)
        self.tensors.append(tensor)
        value.earlier = self._index.get(id(tensor), (-1, None))[1]
        self._index[id(tensor)] = tensor.version, index
        self._arrays[id(array)] = array, index
        return index

    def _earlier(self, y: Tensor) -> int:
        """The index of a Call that was made before the trace began, which is noted now."""
        assert y._made is not None
        op, inputs, params, _ = y._made
        index, output = len(self.calls), self.value(y)
        place = Place("", 0, "before the trace", "")
        ran = _Ran(op, tuple([self.value(x) for x in inputs]), params, place, 0.0, ())
        self.values[output].maker = index
        self._add_call(ran, output, 0, True)
        return index

    def _add_call(self, ran: _Ran, output: int, order: int, graph: bool) -> None:
        within = self._walk is not None
        self.ops.append((ran.op, ran.params))
        self.calls.append(
            Call(
                index=len(self.calls),
                op=ran.op.name,
                formula=formula_of(ran.op),
                inputs=ran.inputs,
                params={name: value for name, value in ran.params.items() if not is_array(value)},
                output=output,
                place=ran.place,
                visit=None if within else self._visit,
                order=order,
                pull=None if self._pull is None else self._pull.index,
                walk=None if self._walk is None else self._walk.index,
                graph=graph,
                seconds=ran.seconds,
                kernels=ran.kernels,
            )
        )

    def _order_of(self, value: int) -> int:
        maker = self.values[value].maker
        return 0 if maker is None else self.calls[maker].order

    # -- kernels -----------------------------------------------------------------------------------

    def _watched(self, kernels: ModuleType) -> Any:
        return _Watched(kernels, self._kernels)


def _leaves_behind(output: Tensor) -> list[Tensor]:
    """The leaves that ``output`` was computed from, one-element constants aside."""
    seen, ahead, found = {id(output)}, [output], []
    while ahead:
        t = ahead.pop()
        if t._made is None and (type(t) is not Tensor or t.size > 1):
            found.append(t)
        for x in t.inputs:
            if id(x) not in seen:
                seen.add(id(x))
                ahead.append(x)
    return found[::-1]


class _Watched:
    """A module of kernels whose calls are noted, by name and time."""

    def __init__(self, kernels: ModuleType, noted: list[Kernel]) -> None:
        self._kernels = kernels
        self._noted = noted

    def __getattr__(self, name: str) -> Any:
        kernel = getattr(self._kernels, name)
        where = self._kernels.__name__.rpartition(".")[2]

        def timed(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            result = kernel(*args, **options)
            self._noted.append(Kernel(f"{where}.{name}", time.perf_counter() - start))
            return result

        return timed if callable(kernel) else kernel


def _place() -> Place:
    """The line of the user's code that runs now."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame.f_globals) in BETWEEN:
        frame = frame.f_back
    code = frame.f_code
    return Place(code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""), code.co_name)


def _package(names: dict[str, Any]) -> str:
    return str(names.get("__name__", "")).partition(".")[0]


def _name_of(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """The name of a function that is no op: of the one that ``modify`` or ``constant`` calls for it."""
    inner = args[0] if args and callable(args[0]) else function
    owner = getattr(getattr(inner, "function", inner), "__self__", None)
    name = getattr(inner, "__name__", type(inner).__name__).lstrip("_")
    return name if owner is None or isinstance(owner, ModuleType) else f"{type(owner).__name__}.{name}"
