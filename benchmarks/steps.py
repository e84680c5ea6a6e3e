"""Whole training steps against plain NumPy and, if asked for, PyTorch."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import compare, peers, table, timing
from benchmarks.rivals import rivals
from benchmarks.training import WORKLOADS

Row = dict[str, Any]


def add_parser(commands: Any) -> None:
    """The ``steps`` command."""
    parser = commands.add_parser("steps", help=__doc__)
    peers.add_argument(parser)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, metavar="NAME", default=list(WORKLOADS))
    parser.add_argument("--batch", type=int, help="batch size in place of each step's own")
    parser.add_argument("--turns", type=int, default=7, help="turns of each side (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw bars")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write what was asked for."""
    sides = peers.sides(arguments.against)
    rows = measure(arguments.only, sides, table.console(), turns=arguments.turns, batch=arguments.batch)
    record = table.write_json(arguments.json, arguments.command, {"rows": rows}, sides)
    if arguments.picture:
        from benchmarks import pictures

        pictures.steps(record, arguments.picture)
    return 0


def measure(
    names: list[str], sides: list[str], console: Console, *, turns: int, batch: int | None
) -> list[Row]:
    """Compare, then time each step; print the table."""
    with rivals(sides) as started:
        rows = [time_step(name, started, turns, batch) for name in names]
    others = [side for side in sides if side != "minigrad"]
    made = table.table(
        "one training step, ms; ratio = rival / ours: median (quartiles)",
        ["step"],
        ["ours", *others, *[f"{side} / ours" for side in others]],
    )
    for row in rows:
        made.add_row(
            row["title"],
            *[table.milliseconds(row["seconds"][side]) for side in sides],
            *[table.with_spread(timing.Spread(**row["ratio"][side])) for side in others],
        )
    console.print(made)
    return rows


def time_step(name: str, started: list[Any], turns: int, batch: int | None) -> Row:
    """Times by side, and ratios to ours with their spread."""
    outcomes = {rival.name: rival.open(("step", name, batch)) for rival in started}
    for side, outcome in outcomes.items():
        compare.steps(name, side, outcome, outcomes["numpy"])
    times = timing.in_turn(started, turns)
    return {
        "name": name,
        "title": WORKLOADS[name].title,
        "seconds": {side: statistics.median(own) for side, own in times.items()},
        "turns": times,
        "ratio": {
            side: timing.ratio(own, times["minigrad"])._asdict()
            for side, own in times.items()
            if side != "minigrad"
        },
    }
