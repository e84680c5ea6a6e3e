"""What one training step is spent on: each op in each part of the step, forward and gradient."""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import table
from benchmarks.ledger import PASSES, Entry, Ledger, recorded
from benchmarks.timing import repeated
from benchmarks.training import WORKLOADS, Networks, Optimizers, Side, start
from gans.objectives import Objective

TURN = 0.1
"""Seconds of steps that are watched, and of steps that are not, in turn."""

PYTHON = "Python between ops"
SHOWN = 0.01
"""Share of the step below which an op is summed with others in the printed table."""

TOLERANCE = 0.05
"""How far the bill may be from the time of a step that nobody watches."""


def add_parser(commands: Any) -> None:
    """The ``bill`` command."""
    parser = commands.add_parser("bill", help=__doc__)
    parser.add_argument("name", nargs="?", choices=WORKLOADS, default="dcgan")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the bill; exit status 1 if it does not add up to the time of the step."""
    console = table.console()
    bill = measure(arguments.name, seconds=6.0)
    show(bill, console)
    table.write_json(arguments.json, f"python -m benchmarks bill {arguments.name}", bill, [])
    difference = bill["total_seconds"] / bill["wall_seconds"] - 1
    console.print(
        f"The bill adds up to {bill['total_seconds'] * 1e3:.2f} ms; the step takes "
        f"{bill['wall_seconds'] * 1e3:.2f} ms when nobody watches ({difference:+.1%})."
    )
    if abs(difference) > TOLERANCE:
        console.print(
            f"[bold]That is more than {TOLERANCE:.0%} apart:[/] do not trust this bill; run it again."
        )
        return 1
    return 0


def measure(name: str, *, seconds: float, batch: int | None = None) -> dict[str, Any]:
    """The bill: the median of each entry over many steps, in turn with steps that are not recorded."""
    side = Side(start(name, batch))
    numbers = itertools.count()
    for _ in range(3):
        side.step(next(numbers))
    plain: list[float] = []
    between: list[float] = []
    times: list[list[float]] = []
    first = _recorded_step(side, next(numbers))[0]
    while sum(plain) < seconds / 2:
        plain += repeated(lambda: side.step(next(numbers)), TURN)
        stop = time.perf_counter() + TURN
        while time.perf_counter() < stop:
            entries, rest = _recorded_step(side, next(numbers))
            if [entry[:-1] for entry in entries] != [entry[:-1] for entry in first]:
                raise RuntimeError(f"{name}: two steps made different ops; a bill needs them all alike")
            times.append([entry.seconds for entry in entries])
            between.append(rest)
    rows = [_row(entry, calls) for entry, calls in zip(first, zip(*times, strict=True), strict=True)]
    python = statistics.median(between)
    return {
        "step": name,
        "rows": rows,
        "python_seconds": python,
        "total_seconds": sum(row["seconds"] for row in rows) + python,
        "wall_seconds": statistics.median(plain),
        "steps_recorded": len(times),
    }


def _recorded_step(side: Side, number: int) -> tuple[list[Entry], float]:
    """The entries of a step, and the seconds that none of them, nor keeping them, took."""
    ledger = Ledger()
    watched = copy(side)
    watched.networks = Networks(
        _Watched(ledger, side.networks.G, ["G(z)"]),
        _Watched(ledger, side.networks.D, WORKLOADS[side.name].calls),
    )
    watched.optimizers = Optimizers(
        *(_WatchedOptimizer(ledger, n, o) for n, o in side.optimizers._asdict().items())
    )
    watched.objective = _watched_objective(ledger, side.objective)
    with recorded(ledger):
        began = time.perf_counter()
        watched.step(number)
        wall = time.perf_counter() - began
    spent = sum(entry.seconds for entry in ledger.entries)
    return ledger.entries, wall - ledger.bookkeeping - spent


class _Watched:
    """A network whose calls are parts of the step, called by the names given."""

    def __init__(self, ledger: Ledger, network: Any, names: Iterable[str]) -> None:
        self._ledger, self._network, self._names = ledger, network, iter(names)
        self.parameters = network.parameters

    def __call__(self, x: Any) -> Any:
        with self._ledger.part(next(self._names, "further calls")):
            return self._network(x)


class _WatchedOptimizer:
    """Adam, whose steps are entered as a whole."""

    def __init__(self, ledger: Ledger, name: str, optimizer: Any) -> None:
        self._ledger, self._name, self._optimizer = ledger, name, optimizer

    def step(self, grads: Any) -> None:
        size = sum(p.size for p in self._optimizer.params)
        # reads p, g, m and v, writes p, m and v; 13 operations for each element
        with self._ledger.lump(f"Adam of {self._name}", 7 * 4 * size, 13 * size):
            self._optimizer.step(grads)


def _watched_objective(ledger: Ledger, objective: Objective) -> Objective:
    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with ledger.part(name):
                return function(*arguments)

        return call

    return replace(
        objective,
        discriminator=watched("losses", objective.discriminator),
        generator=watched("losses", objective.generator),
        penalty=objective.penalty and watched("penalty", objective.penalty),
    )


def _row(entry: Entry, seconds: Iterable[float]) -> dict[str, Any]:
    return {
        "part": entry.label.part,
        "pass": "" if entry.label.order is None else PASSES[entry.label.order],
        "op": entry.op,
        "shape": list(entry.shape),
        "flops": entry.flops,
        "bytes": entry.bytes,
        "seconds": statistics.median(seconds),
    }


def show(bill: dict[str, Any], console: Console) -> None:
    """Print the bill, part by part."""
    made = table.table(
        f"{WORKLOADS[bill['step']].title}: one step",
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
    console.print(made)


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
