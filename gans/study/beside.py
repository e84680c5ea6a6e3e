"""What minigrad did in a step, found by the numbers that it made."""

from __future__ import annotations

import inspect
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.inspect import Call, Pull, Trace
from minigrad.registry import registry

__all__ = ["Beside", "Origin"]

SAME = 1e-8
"""Arrays that differ by no more than this share of their largest entry are one array."""


@dataclass(frozen=True)
class Origin:
    """What made an array in minigrad: an op, or the derivative rule of one.

    op        the op's name
    argument  the argument in which the rule gives the gradient; "" for what is no rule's result
    layer     the layer that called the op, such as "D.5"; "" outside of layers
    formula   the rule as it is written, or the summary of the op
    place     the op's file and line
    """

    op: str
    argument: str
    layer: str
    formula: str
    place: str

    def __str__(self) -> str:
        what = f"rule of {self.op} for {self.argument}" if self.argument else self.op
        return f"{what}, {self.layer}" if self.layer else what


class Beside:
    """The arrays of a ``trace`` that has kept them, each with its origin."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._made: defaultdict[int, list[tuple[int, Call]]] = defaultdict(list)
        self._sent: defaultdict[int, list[tuple[int, Pull, int]]] = defaultdict(list)
        for call in trace.calls:
            self._made[self._array(call.output).size].append((call.output, call))
        for pull in trace.pulls:
            for position, value in pull.sent.items():
                self._sent[self._array(value).size].append((value, pull, position))

    def find(self, value: Any, derivative: bool) -> Origin | None:
        """The origin of the numbers of ``value``, in this order and in whatever shape; None if there is none.

        Of several the first counts; of a ``derivative`` first those that a rule sent back.
        """
        wanted = np.asarray(value, np.float64).ravel()
        if not wanted.any():
            return None
        for index, pull, position in self._sent[wanted.size] if derivative else ():
            if self._is(index, wanted):
                return self._rule(pull, position)
        for index, call in self._made[wanted.size]:
            if self._is(index, wanted):
                return self._call(call)
        return None

    def _rule(self, pull: Pull, position: int) -> Origin:
        call = self._trace.calls[pull.call]
        op: Any = registry[call.op]
        argument = op.arguments[0 if op.variadic else position]
        return Origin(call.op, argument, self._layer(call), pull.rules.get(position, ""), _place(op))

    def _call(self, call: Call) -> Origin:
        op: Any = registry[call.op]
        return Origin(call.op, "", self._layer(call), _summary(op), _place(op))

    def _layer(self, call: Call) -> str:
        """The layer around a call, or around the call whose rule made it."""
        paths = [visit.path for visit in self._trace.visits_around(call) if visit.path]
        if paths or call.pull is None:
            return paths[0] if paths else ""
        return self._layer(self._trace.calls[self._trace.pulls[call.pull].call])

    def _is(self, index: int, wanted: NDArray[np.float64]) -> bool:
        found = self._array(index).ravel()
        return bool(np.abs(found - wanted).max() <= SAME * np.abs(wanted).max())

    def _array(self, index: int) -> NDArray[Any]:
        array = self._trace.values[index].array
        assert array is not None, "the trace keeps arrays"
        return array


def _summary(op: Any) -> str:
    """The first sentence of an op's text."""
    return " ".join((inspect.getdoc(op) or "").partition("\n\n")[0].split()).replace("``", "")


def _place(op: Any) -> str:
    """The file and the line of an op, such as minigrad/ops/linalg.py:20."""
    line = inspect.getsourcelines(inspect.unwrap(op))[1]
    return f"{str(op.__module__).replace('.', '/')}.py:{line}"
