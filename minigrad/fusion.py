"""Pairs of ops that one function computes; a replay of ``minigrad.capture`` calls it in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, cast

Forward = Callable[..., Any]


class Fusion(NamedTuple):
    """The function for both ops; ``fits`` says of its arguments' shapes and dtypes whether to call it."""

    forward: Forward
    fits: Callable[..., bool]


fusions: dict[tuple[Forward, Forward, int], Fusion] = {}
"""The fusion by the two ops' forward functions, and the argument of the second that the first one makes."""


class HasForward(Protocol):
    """What a fusion reads of an op."""

    forward: Forward


def fusion(
    first: HasForward,
    second: HasForward | Forward,
    *,
    at: int = 0,
    fits: Callable[..., bool] = lambda *_: True,
) -> Callable[[Forward], Forward]:
    """Decorator: a forward function of (*a, *b, **p, **q) computes ``second(first(*a, **p), *b, **q)``.

    ``second`` is an op, or the function of another fusion. With ``at`` 1, the forward function takes
    (c, *a, *b) and computes ``second(c, first(*a), *b)``; and so on. ``fits`` takes what has the arguments'
    ``shape`` and ``dtype``.
    A replay of ``minigrad.capture`` calls it where nothing else needs what ``first`` makes; the numbers must
    be the same, bit for bit.
    """

    def declare(forward: Forward) -> Forward:
        fusions[first.forward, cast(Forward, getattr(second, "forward", second)), at] = Fusion(forward, fits)
        return forward

    return declare


def forget(forward: Forward) -> None:
    """Remove the pairs of an op that another one replaces, given its forward function."""
    for pair in [pair for pair in fusions if forward in pair]:
        del fusions[pair]
