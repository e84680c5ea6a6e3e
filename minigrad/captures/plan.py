"""The plan of a program: which lines it calls, and where in memory each array has its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from minigrad.captures.memory import ALIGNMENT
from minigrad.captures.structures import leaves
from minigrad.captures.trace import External, Line, Returned, Slot, Trace, fills
from minigrad.fusion import fusions


def fused(trace: Trace) -> list[Line]:
    """The trace's lines, with a line for each pair that ``minigrad.fusion.fusions`` lists.

    The first line makes an array that the second one reads as one of its arguments and nothing else reads.
    The lines between them change no array. What became of a pair may be one of another pair with a line
    before.
    """
    lines: list[Line | None] = list(trace.lines)
    users = _users(trace)
    makers: dict[Slot, int] = {}
    impure = -1
    for number, line in enumerate(trace.lines):
        together = {number}
        while pair := _pair(trace, line, lines, makers, impure):
            at, maker, joined = pair
            if not users[line.args[at].index] <= {maker, *together}:
                break
            line = joined
            lines[maker], lines[number] = None, line
            together.add(maker)
        if not line.pure:
            impure = number
        elif isinstance(line.results, Slot) and trace.slots[line.results.index].root == line.results.index:
            makers[line.results] = number
    return [line for line in lines if line is not None]


def _pair(
    trace: Trace, line: Line, lines: Sequence[Line | None], makers: dict[Slot, int], impure: int
) -> tuple[int, int, Line] | None:
    """An argument's position, the number of the line that made it after line ``impure``, and the line that
    stands for both; None if there is none.
    """
    for at, name in enumerate(line.args if line.pure else ()):
        maker = makers.get(name, -1) if isinstance(name, Slot) else -1
        first = lines[maker] if maker > impure else None
        fusion = fusions.get((first.function, line.function, at)) if first is not None else None
        if first is None or fusion is None or line.args.count(name) > 1:
            continue
        args = (*line.args[:at], *first.args, *line.args[at + 1 :])
        if fusion.fits(*(_described(trace, name) for name in args)):
            params = {**first.params, **line.params}
            function = fusion.forward
            return (
                at,
                maker,
                replace(line, function=function, args=args, params=params, fills=fills(function)),
            )
    return None


def _described(trace: Trace, name: Any) -> Any:
    """What has the shape and dtype of the array of that name; another argument itself."""
    if isinstance(name, Slot):
        return trace.slots[name.index]
    return trace.externals[name.index] if isinstance(name, External) else name


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
