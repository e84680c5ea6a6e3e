"""What the door of traces costs: steps op by op with it and without it, traced, and replayed.

Without the door means: the functions in which it stands, compiled again without its lines. Replays never
pass it.
"""

from __future__ import annotations

import argparse
import inspect
import statistics
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import minigrad as mg
from benchmarks import table, timing
from benchmarks.training import Side, start
from benchmarks.workloads import TRAININGS, step
from gans.cli.numbers import positive
from minigrad import autograd
from minigrad.nn.module import Module
from minigrad.op import Op

Row = dict[str, Any]

DOORS: tuple[tuple[Any, str, tuple[tuple[str, str], ...]], ...] = (
    (Op, "__call__", (("        if tracer is not None:\n            tracer.made(y)\n", ""),)),
    (
        Module,
        "__call__",
        (
            ("        for part in self.modules():\n            tracer.touch(part)\n", ""),
            ("        with tracer.inside([self]):\n            return self.forward(*args, **kwargs)\n", ""),
            (
                "        tracer = mode().tracer\n        if tracer is None:\n            return",
                "        return",
            ),
        ),
    ),
    (
        autograd,
        "grad",
        (
            (", _noted(tracer, output, targets)", ""),
            ("            if tracer is not None:\n                tracer.pulling(y, g)\n", ""),
            ("            if tracer is not None:\n                tracer.pulled(y, gradients)\n", ""),
            (" and not (tracer is not None and tracer.keeps_graphs)", ""),
            ("    tracer = mode().tracer\n", ""),
        ),
    ),
)
"""Owner and name of each function with the door, and its lines: (text, what stands there without a door)."""


def add_parser(commands: Any) -> None:
    """The ``observation`` command."""
    parser = commands.add_parser(
        "observation", help="what the door of mg.trace costs while nothing is traced"
    )
    parser.add_argument("--only", nargs="+", choices=TRAININGS, metavar="NAME", default=["toy", "mlp"])
    parser.add_argument("--turns", type=positive, default=15, help="turns of each kind (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the file of the option."""
    rows = [measure(name, arguments.turns) for name in arguments.only]
    made = table.table(
        "one training step, ms; ratios: median (quartiles)",
        ["step"],
        ["op by op", "no door", "traced", "replayed", "op by op / no door", "traced / op by op"],
    )
    for row in rows:
        times = [table.milliseconds(row["seconds"][kind]) for kind in KINDS]
        ratios = [table.with_spread(timing.Spread(**row[name])) for name in ("door", "trace")]
        made.add_row(row["title"], *times, *ratios)
    table.show(made, table.console())
    table.write_json(arguments.json, arguments.command, {"rows": rows}, ["minigrad"])
    return 0


KINDS = ("op by op", "no door", "traced", "replayed")


def measure(name: str, turns: int) -> Row:
    """Times by kind of step, in turn, and two ratios."""
    kinds = [
        _Kind("op by op", steps(name)),
        _Kind("no door", steps(name), without_door),
        _Kind("traced", partial(mg.trace, steps(name))),
        _Kind("replayed", steps(name, captured=True)),
    ]
    times = timing.in_turn(kinds, turns)
    return {
        "name": name,
        "title": step(name).title,
        "seconds": {kind: statistics.median(own) for kind, own in times.items()},
        "door": timing.ratio(times["op by op"], times["no door"])._asdict(),
        "trace": timing.ratio(times["traced"], times["op by op"])._asdict(),
    }


def steps(name: str, *, captured: bool = False) -> Callable[[], Any]:
    """A function that takes the next step of a workload."""
    side, numbers = Side(start(step(name)), captured=captured), count()
    return lambda: side.step(next(numbers))


class _Kind:
    """A way to take steps, as a rival."""

    def __init__(self, name: str, step: Callable[[], Any], within: Callable[[], Any] | None = None) -> None:
        self.name = name
        self._step = step
        self._within = within

    def turn(self, warm: float, counted: float) -> list[float]:
        if self._within is None:
            return timing.take_turn(self._step, warm, counted)
        with self._within():
            return timing.take_turn(self._step, warm, counted)


@contextmanager
def without_door() -> Iterator[None]:
    """A block in which ops, modules and ``minigrad.grad`` have no door for traces.

    Raises LookupError if one of its lines is not there any more.
    """
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in DOORS]
    try:
        for owner, name, lines in DOORS:
            setattr(owner, name, _without(getattr(owner, name), name, lines))
        mg.grad = autograd.grad
        yield
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)
        mg.grad = autograd.grad


def _without(function: Any, name: str, lines: tuple[tuple[str, str], ...]) -> Any:
    source = inspect.getsource(function)
    for text, instead in lines:
        if text not in source:
            raise LookupError(f"{function.__qualname__} has no lines {text!r}")
        source = source.replace(text, instead)
    space: dict[str, Any] = {}
    exec(compile(textwrap.dedent(source), "<without a door>", "exec"), function.__globals__, space)
    return space[name]
