"""A ledger of every op of a training step: its place, arithmetic, memory traffic and time.

minigrad does not depend on it. Within ``watched(by)`` the ops' forward functions and rules are wrapped. A
``Ledger`` enters an op with the label that holds when it runs: the part of the step (``ledger.part``), or, in
a derivative's rule, the part whose result is being differentiated, one order higher. That takes time, so the
times are taken in other steps, by a ``Stopwatch`` that does nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.flops import flops
from minigrad.registry import registry

PASSES = ("forward", "gradient", "second gradient", "third gradient")


class Label(NamedTuple):
    """A part of the step, and how often it has been differentiated; None for parts without a derivative."""

    part: str
    order: int | None


class Entry(NamedTuple):
    """One call of an op, or of an optimizer."""

    label: Label
    op: str
    shape: tuple[int, ...]
    flops: int
    bytes: int


UNKNOWN = Label("between the parts", 0)


class Stopwatch:
    """The ops of one step, in their order, and the seconds that each took."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.seconds: list[float] = []

    def forward(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is timed at each call."""
        enter_op, enter_seconds, clock = self.ops.append, self.seconds.append, time.perf_counter

        def timed(*arrays: Any, **params: Any) -> Any:
            start = clock()
            returned = function(*arrays, **params)
            enter_seconds(clock() - start)
            enter_op(name)
            return returned

        return timed

    def rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The rule unchanged: its ops are timed one by one."""
        return function


class Ledger:
    """The entries of one step, in their order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
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

    def whole(self, name: str, flop_count: int, bytes_moved: int) -> None:
        """Enter a call that is not an op's, under its own name."""
        self.entries.append(Entry(Label(name, None), name, (), flop_count, bytes_moved))

    def forward(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """An op's forward function that enters each call."""

        def entered(*arrays: Any, **params: Any) -> Any:
            returned = function(*arrays, **params)
            if type(returned) is not tuple:
                returned = np.asarray(returned)  # as the Tensor does, so that both know the same array
            result = returned[0] if type(returned) is tuple else returned
            label = self._label or (self._made_in.get(id(arrays[0])) if arrays else None) or UNKNOWN
            self._made_in[id(result)] = label
            count = flops(name, arrays, params, result)
            self.entries.append(Entry(label, name, result.shape, count, _moved(arrays, result)))
            return returned

        return entered

    def rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A rule whose ops, later ones too, belong to the part that made its ``y``."""

        def labelled(g: Any, y: Any, *inputs: Any, **params: Any) -> Any:
            made_in = self._made_in.get(id(y.data), UNKNOWN)
            assert made_in.order is not None
            label = Label(made_in.part, made_in.order + 1)
            found = self._under(label, partial(function, g, y, *inputs, **params))
            if not isinstance(found, tuple):
                return found
            return tuple(partial(self._under, label, made) if callable(made) else made for made in found)

        return labelled

    def _under(self, label: Label, function: Callable[[], Any]) -> Any:
        outer, self._label = self._label, label
        try:
            return function()
        finally:
            self._label = outer


@contextmanager
def watched(by: Ledger | Stopwatch) -> Iterator[None]:
    """Within the block every op's calls go through ``by``."""
    before = {op: (op.forward, op.rules, op.joint_rule) for op in registry.values()}
    try:
        for op, (forward, rules, joint_rule) in before.items():
            op.forward = by.forward(op.name, forward)
            op.rules = {name: rule and by.rule(rule) for name, rule in rules.items()}
            op.joint_rule = joint_rule and by.rule(joint_rule)
        yield
    finally:
        for op, (forward, rules, joint_rule) in before.items():
            op.forward, op.rules, op.joint_rule = forward, rules, joint_rule


def _moved(arrays: tuple[Any, ...], result: Any) -> int:
    """Each operand read once, the result written once; nothing for a view."""
    if arrays and np.may_share_memory(arrays[0], result):
        return 0
    return sum(a.nbytes for a in arrays) + result.nbytes
