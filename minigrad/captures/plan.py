"""The plan of a program: which lines it calls, and where in memory each array has its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from minigrad.captures.memory import ALIGNMENT
from minigrad.captures.structures import leaves
from minigrad.captures.trace import Line, Returned, Slot, Trace, fills
from minigrad.fusion import fusions


def fused(trace: Trace) -> list[Line]:
    """The trace's lines, with a line for each pair that ``minigrad.fusion.fusions`` lists.

    The first line makes an array that the second one reads as its first argument and nothing else reads. The
    lines between them change no array. What became of a pair may be one of another pair with a line before.
    """
    lines: list[Line | None] = list(trace.lines)
    users = _users(trace)
    makers: dict[object, int] = {}
    impure = -1
    for number, line in enumerate(trace.lines):
        together = {number}
        while line.pure and line.args and makers.get(line.args[0], -1) > impure:
            maker = makers[line.args[0]]
            first = lines[maker]
            if first is None or not users[line.args[0].index] <= {maker, *together}:
                break
            function = fusions.get((first.function, line.function))
            if function is None:
                break
            line = replace(  # the line that stands for both
                line,
                function=function,
                args=(*first.args, *line.args[1:]),
                params={**first.params, **line.params},
                fills=fills(function),
            )
            lines[maker], lines[number] = None, line
            together.add(maker)
        if not line.pure:
            impure = number
        elif isinstance(line.results, Slot) and trace.slots[line.results.index].root == line.results.index:
            makers[line.results] = number
    return [line for line in lines if line is not None]


def _users(trace: Trace) -> dict[int, set[int]]:
    """For each root the numbers of the lines that name it or a view of it; -1 for what the step returns."""
    users: dict[int, set[int]] = {}
    for number, line in enumerate(trace.lines):
        for name in leaves((line.args, line.params, line.results)):
            if isinstance(name, Slot):
                users.setdefault(trace.slots[name.index].root, set()).add(number)
    for value in leaves(trace.results):
        if isinstance(value, Returned) and isinstance(value.array, Slot):
            users.setdefault(trace.slots[value.array.index].root, set()).add(-1)
    return users


class Lifetime(NamedTuple):
    """A buffer of ``size`` bytes that is needed from line ``first`` to line ``last``."""

    size: int
    first: int
    last: int


def lifetimes_of(trace: Trace, lines: Sequence[Line]) -> dict[int, Lifetime]:
    """The lifetime of each root, views of it included; an argument's begins before all lines."""
    first: dict[int, int] = {name.index: -1 for name in trace.inputs}
    last = dict(first)
    returned = [value.array for value in leaves(trace.results) if isinstance(value, Returned)]
    used = [leaves((line.args, line.params, line.results)) for line in lines]
    for number, names in enumerate([*used, returned]):
        for name in names:
            if isinstance(name, Slot):
                root = trace.slots[name.index].root
                first.setdefault(root, number)
                last[root] = number
    return {root: Lifetime(trace.slots[root].size, first[root], last[root]) for root in last}


def offsets_of(lifetimes: Sequence[Lifetime]) -> tuple[list[int], int]:
    """An offset for each buffer, so that no two overlap that live at once, and the bytes needed in all.

    The largest are placed first, each at the lowest offset that is free during its lifetime.
    """
    offsets = [0] * len(lifetimes)
    placed: list[tuple[int, int, int, int]] = []
    for index in sorted(range(len(lifetimes)), key=lambda i: (-lifetimes[i].size, i)):
        lifetime = lifetimes[index]
        size = -(-max(lifetime.size, 1) // ALIGNMENT) * ALIGNMENT
        offset = 0
        for start, end, first, last in placed:
            if first <= lifetime.last and lifetime.first <= last:
                if start - offset >= size:
                    break
                offset = max(offset, end)
        offsets[index] = offset
        placed.append((offset, offset + size, lifetime.first, lifetime.last))
        placed.sort()
    return offsets, max((end for _, end, _, _ in placed), default=0)
