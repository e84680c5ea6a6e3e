"""trace: one call of a step, with every op, value and gradient of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from minigrad.devices import to_device
from minigrad.inspect.names import name_all
from minigrad.inspect.observer import Observer
from minigrad.inspect.records import Call, Note, Pull, Update, Value, Visit, Walk
from minigrad.tracing import mode, not_in_capture, using

__all__ = ["Trace", "trace"]


@dataclass
class Trace:
    """What one call of a step did; ``result`` is what it returned.

    ``values``  every Tensor, with its statistics, where it came from and, if asked for, its numbers
    ``calls``   every call of an op in order, forward and within derivative rules
    ``walks``   every call of ``minigrad.grad``, with the gradients that it reached
    ``pulls``   every call whose rules a walk ran: the gradient that came in, and those that went out
    ``visits``  every call of a module
    ``notes``   what else computed: random draws, updates of optimizers
    ``ops``     the op and the parameters of each call, to call it again
    """

    result: Any
    values: list[Value]
    calls: list[Call]
    walks: list[Walk]
    pulls: list[Pull]
    visits: list[Visit]
    notes: list[Note]
    ops: list[tuple[Any, Mapping[str, Any]]]

    def value(self, name: str) -> Value:
        """The Value of that name. Raises KeyError, with similar names, if there is none."""
        for value in self.values:
            if value.name == name:
                return value
        names = [value.name for value in self.values if value.name and name.rpartition(".")[2] in value.name]
        raise KeyError(f"no value is called {name!r}{'; there are ' if names else ''}{', '.join(names[:8])}")

    def gradient(self, name: str, walk: int = -1) -> Value | None:
        """The gradient of the Value of that name in a walk, the last one unless given; None without one."""
        index = self.gradient_of(self.value(name), self.walks[walk])
        return None if index is None else self.values[index]

    def gradient_of(self, value: Value, walk: Walk) -> int | None:
        """The index of a Tensor's gradient in a walk, whatever the step had made of the Tensor by then."""
        found = [walk.gradients[i] for i in self.versions_of(value) if i in walk.gradients]
        return found[-1] if found else None

    def versions_of(self, value: Value) -> list[int]:
        """The indices of the Values that a Tensor was, from ``value`` on, as the step changed it in place."""
        versions = [value.index]
        for other in self.values[value.index + 1 :]:
            if other.earlier == versions[-1]:
                versions.append(other.index)
        return versions

    @property
    def parameters(self) -> list[Value]:
        """The parameters that the step used, in the order of their use, as they were before it."""
        return [value for value in self.values if value.kind == "parameter" and value.earlier is None]

    def _repr_html_(self) -> str:
        """A table of the parameters: the gradients of each walk, and how much each one changed."""
        head = ["parameter", "shape", *(f"gradient {walk.index}" for walk in self.walks), "change"]
        rows = "".join(f"<tr><td>{'<td>'.join(map(escape, row))}" for row in self._table())
        return f"<pre>{escape(str(self))}</pre><table><tr><th>{'<th>'.join(head)}{rows}</table>"

    def _table(self) -> Iterator[list[str]]:
        for value in self.parameters:
            gradients = [self.gradient_of(value, walk) for walk in self.walks]
            norms = ["" if g is None else f"{self.values[g].statistics.norm:.3g}" for g in gradients]
            change = "" if value.update is None else f"{value.update.ratio:.3g}"
            yield [value.name or "parameter", str(value.shape), *norms, change]

    def visits_around(self, call: Call) -> Iterator[Visit]:
        """The modules in which an op was called, the innermost first."""
        visit = call.visit
        while visit is not None:
            yield self.visits[visit]
            visit = self.visits[visit].parent

    def __str__(self) -> str:
        forward = sum(call.walk is None for call in self.calls)
        seconds = sum(call.seconds for call in self.calls)
        lines = [f"{forward} ops forward, {len(self.calls) - forward} in derivatives, {1e3 * seconds:.1f} ms"]
        for walk in self.walks:
            order = max((self.pulls[i].order for i in walk.pulls), default=1)
            lines.append(f"grad of {self.values[walk.output]}, order {order}, at {walk.place}")
            for index in walk.wrt:
                g = walk.gradients.get(index)
                what = "no gradient" if g is None else f"gradient {self.values[g].statistics}"
                lines.append(f"  {self.values[index]}: {what}")
        return "\n".join(lines)


def trace(
    step: Callable[..., Any],
    *args: Any,
    names: Mapping[str, Any] | None = None,
    arrays: bool = False,
    everything: bool = False,
) -> Trace:
    """Call ``step(*args)`` and return what it did: ops, values, gradients, modules, lines of code, times.

    step     a function of Tensors, or any code that uses them: a loss, a training step with its updates
    names    names for modules and Tensors, such as ``{"generator": G, "z": z}``; parameters are then called
             as in ``state_dict``, "generator.0.weight". Others get names from their types
    arrays   keep a copy of all numbers, in ``Value.array``; statistics are kept in any case
    everything  after each call of ``minigrad.grad``, compute also the gradients that it was not asked for,
             of every other leaf behind its output, in a further walk

    The step computes what it does without a trace, bit for bit; a captured step inside runs op by op. All
    Tensors of the step stay in memory until it ends. On a GPU each op waits for its numbers.

    Raises RuntimeError within another trace, CaptureError in a captured step, and what ``step`` raises.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(3, 1)
    >>> def step(x):
    ...     loss = mg.ops.sum(layer(x))
    ...     return mg.grad(loss, [layer.weight])
    >>> t = mg.trace(step, mg.ones((5, 3)), names={"layer": layer})
    >>> [(call.op, call.order) for call in t.calls][:2]
    [('linear', 0), ('sum', 0)]
    >>> t.gradient("layer.weight").statistics.mean, t.gradient("layer.bias")
    (5.0, None)
    """
    not_in_capture("minigrad.trace was called", "trace the step before it is captured")
    if mode().tracer is not None:
        raise RuntimeError("trace: a trace is running already, and a step has one at a time")
    observer = Observer(arrays, everything)
    with using(tracer=observer):
        result = step(*args)
    name_all(observer, names or {})
    for index, before in observer.before.items():
        _note_update(observer.values[index], before, to_device(observer.tensors[index]._data, "cpu"))
    return Trace(
        result,
        observer.values,
        observer.calls,
        observer.walks,
        observer.pulls,
        observer.visits,
        observer.notes,
        observer.ops,
    )


def _note_update(value: Value, before: Any, after: Any) -> None:
    """Note how a Tensor changed; a leaf with floats that the step trained is a parameter."""
    if not np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
        change = after.astype(np.float64) - before
        value.update = Update(float(np.linalg.norm(change)), float(np.linalg.norm(before.astype(np.float64))))
        if value.kind == "leaf" and before.dtype.kind == "f":
            value.kind = "parameter"
