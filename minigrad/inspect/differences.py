"""Finite differences of a traced step: it is computed again with one value moved, for each gradient."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from minigrad.arrays import is_array
from minigrad.inspect.records import Walk
from minigrad.inspect.traces import Trace
from minigrad.ops.activation import IDENTITY
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["Difference", "differences_of"]

STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Distances of a difference, in units of the moved value's own size. Curvature spoils the long ones, rounding
the short ones: of the two neighbours that agree best, the longer counts."""

OUTER = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
"""Five-point stencil of the first derivative: places and weights; its error is of fourth order."""


LEAST = 1e-5
"""Smaller slopes, in units of the output for a move of the value's own size, are checked absolutely: their
differences are the rounding of the output."""


class Difference(NamedTuple):
    """A slope of a walk's output: ``engine`` by the gradient, ``numeric`` by differences.

    The ``direction`` is "largest", along the entry whose gradient times its size is largest, or "random",
    along a random unit vector. ``error`` is relative to the larger slope, or to a random direction's usual
    one.
    """

    value: int
    direction: str
    engine: float
    numeric: float
    error: float


def differences_of(
    trace: Trace, walk: Walk, *, most: int | None = None, seed: int = 0
) -> Iterator[Difference]:
    """Two differences for each value of the trace that has a gradient in the walk, of ``most`` of them.

    What the gradient takes for constant stays as it was: what was detached or made within ``no_grad``, and
    on which side of its kink each rectifier, absolute value or maximum is, for the derivative is the side's.

    The trace needs its arrays, and float64: in float32 rounding leaves no digits. Raises ValueError without.

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(np.array([1.0, 2.0]))
    >>> t = mg.trace(lambda: mg.grad(mg.ops.sum(w * w * w), [w]), arrays=True)
    >>> max(d.error for d in differences_of(t, t.walks[0])) < 1e-9
    True
    """
    again = _Again(trace, walk)
    rng = np.random.default_rng(seed)
    doubles = [v for v in walk.gradients if v != walk.output and trace.values[v].dtype == "float64"]
    if most is not None and len(doubles) > most:
        doubles = sorted(rng.choice(doubles, most, replace=False).tolist())
    for index in doubles:
        g = again.array(walk.gradients[index])
        lines = list(again.lines(index))
        largest = np.zeros(g.shape)
        largest.flat[np.argmax(np.abs(g) * again.sizes(index))] = 1.0
        around = rng.standard_normal(g.shape) * again.sizes(index)
        around /= max(float(np.linalg.norm(around)), 1e-300)
        typical = float(np.linalg.norm(g)) / max(g.size, 1) ** 0.5
        for direction, v, least in (("largest", largest, 0.0), ("random", around, typical)):
            engine, numeric = float(np.sum(g * v)), again.slope(index, v, lines)
            noise = LEAST * abs(again.total) / again.reach(index, v)
            size = max(abs(engine), abs(numeric), least, noise)
            yield Difference(index, direction, engine, numeric, abs(engine - numeric) / max(size, 1e-300))


class _Again:
    """The output of a walk computed again, with one value moved; the rest is as it was traced."""

    def __init__(self, trace: Trace, walk: Walk) -> None:
        if any(value.array is None for value in trace.values):
            raise ValueError("differences_of: the trace keeps no arrays; trace with arrays=True")
        if trace.values[walk.output].dtype != "float64":
            raise ValueError(
                "differences_of: the step computes in float32; convert modules and data to float64"
            )
        self.trace = trace
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

    def slope(self, value: int, direction: Array, lines: list[_Line]) -> float:
        """The derivative of the output as ``value``, which ``lines`` follow, moves along ``direction``."""
        array = self.array(value)
        reach = self.reach(value, direction)
        estimates = []
        for step in STEPS:
            h = step * reach
            moved = [weight * self.at(value, array + place * h * direction, lines) for place, weight in OUTER]
            estimates.append(sum(moved) / h)
        changes = np.array([abs(a - b) for a, b in pairwise(estimates)])
        return float(estimates[int(np.argmin(np.where(np.isnan(changes), np.inf, changes)))])

    def sizes(self, value: int) -> Array:
        """About the size of each entry: a random move in these proportions hardly changes a sign."""
        array = np.abs(self.array(value))
        return array + (1e-3 * float(array.mean()) or 1.0)

    def reach(self, value: int, direction: Array) -> float:
        """How far ``value`` may move along ``direction`` before its moved entries have about doubled."""
        weights = np.abs(direction)
        size = float(np.sum(self.sizes(value) * weights) / np.sum(weights))
        return size / float(weights.max())

    def at(self, value: int, array: Array, lines: list[_Line]) -> float:
        """The output where ``value`` has the numbers of ``array``; ``lines`` follow it."""
        moved: dict[int, Array] = {value: np.asarray(array)}
        with np.errstate(all="ignore"):  # a long step may leave the domain of sqrt or log
            for line in lines:
                line.move(moved)
        return float(np.sum(moved.get(self.output, self.array(self.output))))

    def lines(self, value: int) -> Iterator[_Line]:
        """The calls that move when ``value`` moves, in turn."""
        moving = {value}
        for index in self.needed:
            call, (op, params) = self.trace.calls[index], self.trace.ops[index]
            places = [p for p, x in enumerate(call.inputs) if x in moving and not _is_zero(op, p)]
            if places and call.output not in moving:
                moving.add(call.output)
                before = [self.array(x) for x in call.inputs]
                again = _again(op, _without_hints(op, params), before, self.array(call.output))
                yield _Line(again, before, [(p, call.inputs[p]) for p in places], call.output)

    def array(self, value: int) -> Array:
        """The numbers of a value as they were traced."""
        array = self.trace.values[value].array
        assert array is not None  # checked at first
        return array


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
