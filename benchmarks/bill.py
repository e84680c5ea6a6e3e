"""The time of one training step by op: each op in each part of the step, forward and gradient."""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from benchmarks import table, workloads
from benchmarks.functions import Networks, Optimizers
from benchmarks.ledger import PASSES, Entry, Ledger, Stopwatch, watched
from benchmarks.timing import repeated
from benchmarks.training import Side, start
from benchmarks.workloads import TRAININGS
from gans.objectives import Objective

TURN = 0.1
"""Seconds of watched steps and of unwatched ones, in turn."""

PYTHON = "Python between ops"
SHOWN = 0.01
"""Ops with a smaller share of the step are summed in the printed table."""

TOLERANCE = 0.05
"""The largest difference between the bill and the time of an unwatched step."""


def add_parser(commands: Any) -> None:
    """The ``bill`` command."""
    parser = commands.add_parser("bill", help=__doc__)
    parser.add_argument("name", nargs="?", choices=TRAININGS, default="dcgan")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the bill; exit status 1 if it does not add up to the time of the step."""
    console = table.console()
    bill = measure(arguments.name, seconds=12.0)
    show(bill, console)
    table.write_json(arguments.json, arguments.command, bill, [])
    difference = bill["total_seconds"] / bill["wall_seconds"] - 1
    console.print(
        f"The bill adds up to {bill['total_seconds'] * 1e3:.2f} ms; the step, op by op, takes "
        f"{bill['wall_seconds'] * 1e3:.2f} ms without watching ({difference:+.1%})."
    )
    if abs(difference) > TOLERANCE:
        console.print(
            f"[bold]That is more than {TOLERANCE:.0%} apart:[/] do not trust this bill; run it again."
        )
        return 1
    return 0


def measure(name: str, *, seconds: float, batch: int | None = None) -> dict[str, Any]:
    """The bill of a typical step, op by op: each entry's mean over the middle half of many steps, by time.

    Watched steps alternate with unwatched ones, whose time the bill is compared with. All of them run op by
    op: a replay of ``minigrad.capture``, which takes less time, has no ops.
    """
    side = Side(start(workloads.step(name, batch)), captured=False)
    numbers = itertools.count()
    for _ in range(3):
        side.step(next(numbers))
    plain: list[float] = []
    times: list[list[float]] = []  # of each timed step: its ops, then Python between them
    entries = itemised(side, next(numbers))
    while sum(plain) < seconds / 2:
        plain += repeated(lambda: side.step(next(numbers)), TURN)
        for ops, seconds_of in timed(side, numbers, TURN):
            if ops != [entry.op for entry in entries]:
                raise RuntimeError(f"{name}: two steps made different ops; a bill needs them all alike")
            times.append(seconds_of)
    *seconds_of, python = map(statistics.fmean, zip(*middle_half(times, key=sum), strict=True))
    python -= len(seconds_of) * watching_cost()
    return {
        "step": name,
        "rows": [_row(entry, mean) for entry, mean in zip(entries, seconds_of, strict=True)],
        "python_seconds": python,
        "total_seconds": sum(seconds_of) + python,
        "wall_seconds": statistics.fmean(middle_half(plain)),
        "steps_timed": len(times),
    }


def middle_half(values: list[Any], key: Callable[[Any], float] | None = None) -> list[Any]:
    """The values without the lowest and the highest quarter."""
    quarter = len(values) // 4
    return sorted(values, key=key)[quarter : len(values) - quarter]


def watching_cost(calls: int = 20_000) -> float:
    """Seconds that a stopwatch adds to a call and does not report."""
    stopwatch = Stopwatch()
    nothing = stopwatch.forward("nothing", lambda: None)
    began = time.perf_counter()
    for _ in range(calls):
        nothing()
    return (time.perf_counter() - began - sum(stopwatch.seconds)) / calls


def itemised(side: Side, number: int) -> list[Entry]:
    """The parts of a step."""
    ledger, described = Ledger(), copy(side)
    described.networks = Networks(
        _Watched(ledger, side.networks.G, ["G(z)"]),
        _Watched(ledger, side.networks.D, TRAININGS[side.name].calls),
    )
    described.objective = _watched_objective(ledger, side.objective)

    def update(name: str, optimizer: Any) -> Callable[..., Any]:
        def step(grads: Any) -> None:
            size = sum(p.size for p in optimizer.params)
            # reads p, g, m and v, writes p, m and v; 13 operations for each element
            ledger.whole(name, 13 * size, 7 * 4 * size)
            optimizer.step(grads)

        return step

    described.optimizers = _with_steps(side.optimizers, update)
    with watched(ledger):
        described.step(number)
    return ledger.entries


def timed(side: Side, numbers: Iterator[int], seconds: float) -> list[tuple[list[str], list[float]]]:
    """Run steps for ``seconds``: returns their ops, and the seconds of each op and of Python in between."""
    stopwatch, observed = Stopwatch(), copy(side)
    observed.optimizers = _with_steps(
        side.optimizers, lambda name, optimizer: stopwatch.forward(name, optimizer.step)
    )
    steps = []
    stop = time.perf_counter() + seconds
    with watched(stopwatch):
        while (began := time.perf_counter()) < stop:
            observed.step(next(numbers))
            rest = time.perf_counter() - began - sum(stopwatch.seconds)
            steps.append((stopwatch.ops.copy(), [*stopwatch.seconds, rest]))
            stopwatch.ops.clear()
            stopwatch.seconds.clear()
    return steps


def _with_steps(optimizers: Optimizers, make: Callable[[str, Any], Callable[..., Any]]) -> Optimizers:
    """Stand-ins for the optimizers with the ``step`` that ``make`` gives for a name and an optimizer."""
    return Optimizers(
        *(SimpleNamespace(step=make(f"Adam of {name}", own)) for name, own in optimizers._asdict().items())
    )


class _Watched:
    """A network whose calls are parts of the step, called by the names given."""

    def __init__(self, ledger: Ledger, network: Any, names: Iterable[str]) -> None:
        self._ledger, self._network, self._names = ledger, network, iter(names)
        self.parameters = network.parameters

    def __call__(self, x: Any) -> Any:
        with self._ledger.part(next(self._names, "further calls")):
            return self._network(x)


def _watched_objective(ledger: Ledger, objective: Objective) -> Objective:
    def part(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with ledger.part(name):
                return function(*arguments)

        return call

    return replace(
        objective,
        discriminator=part("losses", objective.discriminator),
        generator=part("losses", objective.generator),
        penalty=objective.penalty and part("penalty", objective.penalty),
    )


def _row(entry: Entry, seconds: float) -> dict[str, Any]:
    return {
        "part": entry.label.part,
        "pass": "" if entry.label.order is None else PASSES[entry.label.order],
        "op": entry.op,
        "shape": list(entry.shape),
        "flops": entry.flops,
        "bytes": entry.bytes,
        "seconds": seconds,
    }


def show(bill: dict[str, Any], console: Console) -> None:
    """Print the bill, part by part."""
    made = table.table(
        f"{workloads.step(bill['step']).title}: one step",
        ["part", "pass", "op", "result"],
        ["calls", "ms", "share", "GFLOP", "MB", "GFLOP/s", "GB/s"],
    )
    total = bill["total_seconds"]
    for (part, order), rows in _grouped(bill["rows"], lambda row: (row["part"], row["pass"])):
        made.add_row(part, order, "", "", *_figures(rows, total), style="bold")
        small = []
        for (op, shape), calls in _grouped(rows, lambda row: (row["op"], tuple(row["shape"]))):
            if sum(row["seconds"] for row in calls) < SHOWN * total:
                small += calls
            elif len(calls) < len(rows):
                made.add_row("", "", op, "x".join(map(str, shape)), *_figures(calls, total))
        if small and len(small) < len(rows):
            made.add_row("", "", "smaller ones", "", *_figures(small, total))
    python = bill["python_seconds"]
    made.add_row(PYTHON, "", "", "", "", table.milliseconds(python), f"{python / total:.1%}", style="bold")
    made.add_section()
    everything = [*bill["rows"], {"seconds": python, "flops": 0, "bytes": 0}]
    made.add_row("total", "", "", "", *_figures(everything, total), style="bold")
    table.show(made, console)


def _grouped(rows: list[dict[str, Any]], key: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[Any, Any]]:
    """The rows of each key, keys in the order of their first row."""
    order = {k: i for i, k in reversed(list(enumerate(map(key, rows))))}
    for k, group in itertools.groupby(sorted(rows, key=lambda row: order[key(row)]), key=key):
        yield k, list(group)


def _figures(rows: list[dict[str, Any]], total: float) -> list[str]:
    seconds, flops, moved = (sum(row[field] for row in rows) for field in ("seconds", "flops", "bytes"))
    return [
        str(len(rows)),
        table.milliseconds(seconds),
        f"{seconds / total:.1%}",
        f"{flops / 1e9:.3f}",
        f"{moved / 1e6:.2f}",
        f"{flops / seconds / 1e9:.3g}",
        f"{moved / seconds / 1e9:.3g}",
    ]
