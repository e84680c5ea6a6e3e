"""Pairs of ops that one function computes; a replay of ``minigrad.capture`` calls it in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

Forward = Callable[..., Any]

fusions: dict[tuple[Forward, Forward], Forward] = {}
"""The function by the two ops' forward functions."""


class HasForward(Protocol):
    """What a fusion reads of an op."""

    forward: Forward


def fusion(first: HasForward, second: HasForward | Forward) -> Callable[[Forward], Forward]:
    """Decorator: a forward function of (*a, *b, **p, **q) computes ``second(first(*a, **p), *b, **q)``.

    ``second`` is an op, or the function of another fusion.
    A replay of ``minigrad.capture`` calls it where nothing else needs what ``first`` makes; the numbers must
    be the same, bit for bit.
    """

    def declare(forward: Forward) -> Forward:
        fusions[first.forward, cast(Forward, getattr(second, "forward", second))] = forward
        return forward

    return declare


def forget(forward: Forward) -> None:
    """Remove the pairs of an op that another one replaces, given its forward function."""
    for pair in [pair for pair in fusions if forward in pair]:
        del fusions[pair]
