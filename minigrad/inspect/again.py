"""The output of a traced walk, computed again with one value moved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minigrad.arrays import is_array
from minigrad.inspect.records import Walk
from minigrad.inspect.traces import Trace
from minigrad.ops.activation import IDENTITY
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["Again", "Moving"]


class Again:
    """A walk whose output can be computed again; ``needed`` are the calls that lead to it, in turn."""

    def __init__(self, trace: Trace, walk: Walk) -> None:
        if any(value.array is None for value in trace.values):
            raise ValueError("differences_of: the trace keeps no arrays; trace with arrays=True")
        if trace.values[walk.output].dtype != "float64":
            raise ValueError(
                "differences_of: the step computes in float32; convert modules and data to float64"
            )
        self.trace = trace
        self.walk = walk
        self.output = walk.output
        self.total = float(np.sum(self.array(walk.output)))
        self.needed: list[int] = []
        ahead, seen = [walk.output], {walk.output}
        while ahead:
            maker = trace.values[ahead.pop()].maker
            if maker is not None and trace.calls[maker].graph:
                self.needed.append(maker)
                fresh = [x for x in trace.calls[maker].inputs if x not in seen]
                seen.update(fresh)
                ahead.extend(fresh)
        self.needed = sorted(set(self.needed))

    def line(self, index: int, moving: set[int]) -> _Line | None:
        """A call where some values move; None if it does not move with them."""
        call, (op, params) = self.trace.calls[index], self.trace.ops[index]
        places = [p for p, x in enumerate(call.inputs) if x in moving and not _is_zero(op, p)]
        if not places:
            return None
        before = [self.array(x) for x in call.inputs]
        again = _again(op, _without_hints(op, params), before, self.array(call.output))
        return _Line(again, before, [(p, call.inputs[p]) for p in places], call.output)

    def gradient(self, value: int) -> Array:
        """The gradient of a value in the walk."""
        return self.array(self.walk.gradients[value])

    def array(self, value: int) -> Array:
        """The numbers of a value as they were traced."""
        array = self.trace.values[value].array
        assert array is not None  # checked at first
        return array


class Moving:
    """One value of a walk that moves; the rest is as it was traced, except for what is made of it."""

    def __init__(self, again: Again, value: int) -> None:
        self.again = again
        self.value = value
        self.array = again.array(value)
        self.gradient = again.gradient(value)

    @cached_property
    def followers(self) -> list[_Line]:
        """The calls that move with the value, in turn."""
        moving, lines = {self.value}, []
        for index in self.again.needed:
            output = self.again.trace.calls[index].output
            line = None if output in moving else self.again.line(index, moving)
            if line is not None:
                moving.add(output)
                lines.append(line)
        return lines

    @cached_property
    def readers(self) -> list[_Line]:
        """The calls that read the value, and move with it."""
        lines = [self.again.line(index, {self.value}) for index in self.again.needed]
        return [line for line in lines if line is not None]

    def sizes(self, floor: float) -> Array:
        """About the size of each entry, of 0 as well; ``floor`` 1 adds a thousandth of the mean."""
        array = np.abs(self.array)
        some = 1e-3 * float(array.mean()) or 1.0
        return np.where(array > 0, array + floor * some, some)

    def output(self, move: Array) -> float:
        """The walk's output after the move."""
        moved = {self.value: np.asarray(self.array + move)}
        with np.errstate(all="ignore"):  # a long step may leave the domain of sqrt or log
            for line in self.followers:
                line.move(moved)
        return float(np.sum(moved.get(self.again.output, self.again.array(self.again.output))))

    @property
    def is_read_with_gradients(self) -> bool:
        """Whether all that is made of the value has a gradient."""
        made = {line.output for line in self.readers}
        return bool(made) and made <= self.again.walk.gradients.keys()

    def near(self, move: Array) -> Array:
        """How far what is made of the value moves with it, each entry times its gradient."""
        return np.concatenate(
            [np.ravel(self.again.gradient(y) * change) for y, change in self._changes(move).items()]
        )

    def notice(self, move: Array) -> float:
        """The largest move of an entry that is made of the value, in the entry's own size."""
        found = self._changes(move).items()
        shares = [np.abs(change) / (np.abs(self.again.array(y)) + 1e-300) for y, change in found]
        return float(max(share.max(initial=0.0) for share in shares))

    def _changes(self, move: Array) -> dict[int, Array]:
        moved = {self.value: np.asarray(self.array + move)}
        with np.errstate(all="ignore"):
            for line in self.readers:
                line.move(moved)
        return {
            line.output: np.asarray(moved[line.output] - self.again.array(line.output))
            for line in self.readers
        }


class _Line(NamedTuple):
    """A call computed again: ``moving`` has the places and the values of the inputs that move."""

    again: Callable[[list[Array]], Array]
    before: list[Array]
    moving: list[tuple[int, int]]
    output: int

    def move(self, moved: dict[int, Array]) -> None:
        inputs = list(self.before)
        for place, value in self.moving:
            inputs[place] = moved[value]
        moved[self.output] = self.again(inputs)


def _again(op: Any, params: dict[str, Any], before: list[Array], y: Array) -> Callable[[list[Array]], Array]:
    """The op as a function of its inputs; with a kink, as if each number stayed on its side of it."""
    if op.name == "abs":
        sign = np.sign(before[0])
        return lambda inputs: np.asarray(inputs[0] * sign)
    if op.name in ("maximum", "minimum"):
        first = before[0] == y
        return lambda inputs: np.where(first, *inputs)
    if op.name in ("max", "min"):
        axis, keepdims = params["axis"], params["keepdims"]
        best = before[0] == getattr(np, op.name)(before[0], axis=axis, keepdims=True)
        return lambda inputs: np.asarray(np.mean(inputs[0], axis=axis, keepdims=keepdims, where=best))
    slope = params.get("slope", IDENTITY)
    if slope == IDENTITY or re.search("grad|gate", op.name):
        return lambda inputs: op.run(tuple([Tensor(x) for x in inputs]), params)[0]
    side, straight = np.where(y > 0, 1.0, slope), {**params, "slope": IDENTITY}
    return lambda inputs: np.asarray(op.run(tuple([Tensor(x) for x in inputs]), straight)[0] * side)


def _is_zero(op: Any, position: int) -> bool:
    """Whether the op's rule says that this derivative is zero, as that of a gate by what opens it."""
    return op.joint_rule is None and op.derivative(position) is None


def _without_hints(op: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, with the defaults of those that hold what another kernel had computed already."""
    return {
        name: op.defaults.get(name, value) if _has_array(value) else value for name, value in params.items()
    }


def _has_array(value: Any) -> bool:
    return is_array(value) or (isinstance(value, tuple) and any(map(is_array, value)))
