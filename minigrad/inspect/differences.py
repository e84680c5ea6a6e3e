"""Finite differences of a traced step: it is computed again with one value moved, for each gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from minigrad.inspect.again import Again, Moving
from minigrad.inspect.records import Walk
from minigrad.inspect.traces import Trace
from minigrad.types import Array

__all__ = ["Difference", "differences_of"]

STEPS = tuple(10.0**-power for power in range(2, 8))
"""Distances of a difference, in units of the moved value's own size. Curvature spoils the long ones, rounding
the short ones: of the three neighbours that agree best, the longest counts. Two agree by chance at times."""

SHORT, SEEN = 1e-3, 1e-6
"""A short move, and the share of its size by which it should move an entry of what is made of the value."""

FARTHER = 10.0 ** np.arange(0, 40, 2)
"""How much farther than its own size a value may move for that."""

ENOUGH = 1e-8
"""Three neighbours that agree so well, relative to the slope, need no shorter one."""

OPEN = 1e-7
"""Three neighbours that agree no better leave the slope open: the function bends or rounds too much."""

OUTER = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
"""Five-point stencil of the first derivative: places and weights; its error is of fourth order."""

DIRECTIONS = ("largest", "random")

LEAST = 1e-5
"""Smaller slopes, in units of the output for a move of the value's own size, are checked absolutely: their
differences are the rounding of the output. Of the next ops, in units of all that they move, up or down."""


class Difference(NamedTuple):
    """A slope of a walk's output: ``engine`` by the gradient, ``numeric`` by differences.

    The ``direction`` is "largest", along the entry whose gradient times its size is largest, or "random",
    along a random unit vector. ``error`` is relative to the larger slope, or to a random direction's usual
    one. ``near`` says that the differences are those of the ops that read the value, times the gradients of
    what they made, and not the output's own.
    """

    value: int
    direction: str
    engine: float
    numeric: float
    error: float
    near: bool


def differences_of(
    trace: Trace, walk: Walk, *, most: int | None = None, seed: int = 0
) -> Iterator[Difference]:
    """Two differences for each value of the trace that has a gradient in the walk.

    What the gradient takes for constant stays as it was: what was detached or made within ``no_grad``, and
    on which side of its kink each rectifier, absolute value or maximum is, for the derivative is the side's.

    The output is computed again for ``most`` values, drawn at random, or for all. For the others only the ops
    that read the value are, and the gradients of what they make, each checked in the same way, stand for the
    rest of the way: a gradient is right if it is right for these ops and theirs are right. So it is, too,
    where no distance gives the output's slope to seven digits, as behind square roots near 0.

    The trace needs its arrays, and float64: in float32 rounding leaves no digits. Raises ValueError without.

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(np.array([1.0, 2.0]))
    >>> t = mg.trace(lambda: mg.grad(mg.ops.sum(w * w * w), [w]), arrays=True)
    >>> max(d.error for d in differences_of(t, t.walks[0])) < 1e-9
    True
    """
    again = Again(trace, walk)
    rng = np.random.default_rng(seed)
    doubles = [v for v in walk.gradients if v != walk.output and trace.values[v].dtype == "float64"]
    few = most is not None and len(doubles) > most
    drawn = rng.choice(doubles, most, replace=False) if few else doubles
    for index in doubles:
        moving = Moving(again, index)
        noise = rng.standard_normal(moving.array.shape)
        ways = [_of_output, _of_next_ops] if index in drawn else [_of_next_ops, _of_output]
        for direction in DIRECTIONS:
            yield _first_that_tells(way(moving, direction, noise) for way in ways)


def _first_that_tells(found: Iterator[tuple[Difference, float] | None]) -> Difference:
    """The first difference whose scatter leaves nothing open, else the one with the least."""
    best, least = None, np.inf
    for one in found:
        if one is not None and (best is None or one[1] < least):
            best, least = one
        if least <= OPEN:
            break
    assert best is not None  # the output always has a difference
    return best


def _of_output(moving: Moving, direction: str, noise: Array) -> tuple[Difference, float]:
    """The difference of the output, and its scatter relative to the slope."""
    sizes = moving.sizes(floor=1.0)
    v = _unit(moving.gradient, sizes, direction, noise)
    reach = _reach(sizes, v)
    least = max(_usual(moving.gradient, direction), LEAST * abs(moving.again.total) / reach)
    found = _slope(lambda t: moving.output(t * v), reach, least)
    return _compared(moving, direction, v, *found, least, near=False)


def _of_next_ops(moving: Moving, direction: str, noise: Array) -> tuple[Difference, float] | None:
    """The same of the ops that read the value; None if one of them made what has no gradient."""
    if not moving.is_read_with_gradients:
        return None
    sizes = moving.sizes(floor=0.0)
    v = _unit(moving.gradient, sizes, direction, noise)
    reach = _reach(sizes, v)
    for longer in reach * FARTHER:  # what is added to far larger numbers must move far to be seen
        if moving.notice(longer * SHORT * v) > SEEN:
            reach = float(longer)
            break
    moves = float(np.sum(np.abs(moving.near(reach * SHORT * v)))) / SHORT
    least = max(_usual(moving.gradient, direction), LEAST * moves / reach)
    found = _slope(lambda t: float(np.sum(moving.near(t * v))), reach, least)
    return _compared(moving, direction, v, *found, least, near=True)


def _compared(
    moving: Moving, direction: str, v: Array, numeric: float, scatter: float, least: float, *, near: bool
) -> tuple[Difference, float]:
    engine = float(np.sum(moving.gradient * v))
    size = max(abs(engine), abs(numeric), least, 1e-300)
    return Difference(
        moving.value, direction, engine, numeric, abs(engine - numeric) / size, near
    ), scatter / size


def _usual(g: Array, direction: str) -> float:
    """The usual slope along a random unit vector; 0 for another direction."""
    return float(np.linalg.norm(g)) / max(g.size, 1) ** 0.5 if direction == "random" else 0.0


def _unit(g: Array, sizes: Array, direction: str, noise: Array) -> Array:
    """The unit vector of a direction."""
    if direction == "random":
        v = noise * sizes
        return np.asarray(v / max(float(np.linalg.norm(v)), 1e-300))
    v = np.zeros(g.shape)
    v.flat[np.argmax(np.abs(g) * sizes)] = 1.0
    return v


def _reach(sizes: Array, v: Array) -> float:
    """How far a value may move along ``v`` before an entry has moved by its own size."""
    moving = v != 0
    return float(np.min(sizes[moving] / np.abs(v[moving])))


def _slope(output: Callable[[float], float], reach: float, least: float) -> tuple[float, float]:
    """The derivative of a function of a distance, at 0, and how far its best neighbours are apart."""
    found: list[float] = []
    slope, scatter = np.nan, np.inf
    for step in STEPS:
        h = step * reach
        found.append(sum(weight * output(place * h) for place, weight in OUTER) / h)
        apart = float(np.ptp(found[-3:])) if len(found) >= 3 else np.inf
        if apart < scatter:
            slope, scatter = found[-3], apart
        if scatter <= ENOUGH * max(abs(slope), least):
            break
    return slope, scatter
