"""Who spent what: every op of a training step with its place, time, arithmetic and memory traffic.

Nothing in minigrad knows of it. Within ``recorded(ledger)`` the ops' forward functions and rules are wrapped,
so an op is entered with the label that holds when it runs: the part of the step (``ledger.part``), or, in a
derivative's rule, the part whose result is being differentiated, one order higher.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from benchmarks.flops import flops
from minigrad.tensor import registry

PASSES = ("forward", "gradient", "second gradient", "third gradient")


class Label(NamedTuple):
    """A part of the step, and how often it has been differentiated; None for what has no derivative."""

    part: str
    order: int | None


class Entry(NamedTuple):
    """One call of an op, or of an optimizer."""

    label: Label
    op: str
    shape: tuple[int, ...]
    flops: int
    bytes: int
    seconds: float


UNKNOWN = Label("between the parts", 0)


class Ledger:
    """The entries of one step, in their order, and the seconds that keeping them took."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.bookkeeping = 0.0
        self._label: Label | None = None
        self._made_in: dict[int, Label] = {}  # by the id of the array that an op returned

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Within the block ops belong to the part ``name``; a block inside another one changes nothing."""
        if self._label is not None:
            yield
            return
        self._label = Label(name, 0)
        try:
            yield
        finally:
            self._label = None

    @contextmanager
    def lump(self, name: str, bytes_moved: int, flop_count: int) -> Iterator[None]:
        """Enter the block as a whole, under its own name."""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.entries.append(Entry(Label(name, None), name, (), flop_count, bytes_moved, seconds))

    def forward(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """An op's forward function that enters each call."""

        def entered(*arrays: Any, **params: Any) -> Any:
            start = time.perf_counter()
            returned = function(*arrays, **params)
            end = time.perf_counter()
            if type(returned) is not tuple:
                returned = np.asarray(returned)  # as the Tensor does, so that both know the same array
            result = returned[0] if type(returned) is tuple else returned
            label = self._label or (self._made_in.get(id(arrays[0])) if arrays else None) or UNKNOWN
            self._made_in[id(result)] = label
            count = flops(name, arrays, params, result)
            self.entries.append(Entry(label, name, result.shape, count, _moved(arrays, result), end - start))
            self.bookkeeping += time.perf_counter() - end
            return returned

        return entered

    def rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A derivative's rule whose ops belong to the part that made its ``y``."""

        def labelled(g: Any, y: Any, *inputs: Any, **params: Any) -> Any:
            outer = self._label
            made_in = self._made_in.get(id(y.data), UNKNOWN)
            assert made_in.order is not None
            self._label = Label(made_in.part, made_in.order + 1)
            try:
                return function(g, y, *inputs, **params)
            finally:
                self._label = outer

        return labelled


@contextmanager
def recorded(ledger: Ledger) -> Iterator[None]:
    """Within the block every op is entered into ``ledger``."""
    before = {op: (op.forward, op.rules) for op in registry.values()}
    try:
        for op, (forward, rules) in before.items():
            op.forward = ledger.forward(op.name, forward)
            op.rules = {name: rule and ledger.rule(rule) for name, rule in rules.items()}
        yield
    finally:
        for op, (forward, rules) in before.items():
            op.forward, op.rules = forward, rules


def _moved(arrays: tuple[Any, ...], result: Any) -> int:
    """Each operand read once, the result written once; nothing for a view."""
    if arrays and np.may_share_memory(arrays[0], result):
        return 0
    return sum(a.nbytes for a in arrays) + result.nbytes
