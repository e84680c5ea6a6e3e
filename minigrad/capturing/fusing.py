"""Fuses two lines into one if one function computes both and nothing else needs the value between them."""

from __future__ import annotations

from dataclasses import replace

from minigrad.capturing.arrays import leaves
from minigrad.capturing.trace import Line, Returned, Slot, Trace, fills
from minigrad.fusion import fusions


def fused(trace: Trace) -> list[Line]:
    """The trace's lines, with a line for each pair that ``minigrad.fusion.fusions`` lists.

    The first line makes an array that the second one reads as its first argument and nothing else reads. The
    lines between them change no array.
    """
    lines: list[Line | None] = list(trace.lines)
    users = _users(trace)
    makers: dict[object, int] = {}
    impure = -1
    for number, line in enumerate(trace.lines):
        maker = makers.get(line.args[0]) if line.args else None
        if (
            maker is not None
            and line.pure
            and maker > impure
            and users[line.args[0].index] == {maker, number}
        ):
            first = trace.lines[maker]
            function = fusions.get((first.function, line.function))
            if function is not None:
                lines[maker] = None
                lines[number] = replace(
                    line,
                    function=function,
                    args=(*first.args, *line.args[1:]),
                    params={**first.params, **line.params},
                    fills=fills(function),
                )
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
