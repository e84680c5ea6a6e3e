"""Whole training steps against plain NumPy (on the CPU) and PyTorch (on a GPU: eager and as CUDA graphs)."""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import compare, gpu, peers, table, timing
from benchmarks.faults import Faults
from benchmarks.kernels import JUDGES
from benchmarks.rivals import rivals
from benchmarks.training import WORKLOADS
from gans.cli.numbers import positive

Row = dict[str, Any]

SLACK = {False: 1.0, True: 5.0}  # times the tolerance of steps, where products round to TF32


def add_parser(commands: Any) -> None:
    """The ``steps`` command."""
    parser = commands.add_parser("steps", help=__doc__)
    peers.add_arguments(parser)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, metavar="NAME", default=list(WORKLOADS))
    parser.add_argument("--batch", type=positive, help="batch size in place of each step's own")
    parser.add_argument("--turns", type=positive, default=7, help="turns of each side (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw bars")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options; the exit status is 1 if a step failed."""
    where = {"device": arguments.device, "tf32": arguments.tf32}
    sides = peers.checked_sides(arguments)
    if arguments.device == "cuda" and "torch" in sides:
        sides.append("torch-graph")
    console = table.console()
    measured = measure(arguments.only, sides, console, turns=arguments.turns, batch=arguments.batch, **where)
    figures = where | gpu.figures(arguments.device) | measured
    record = table.write_json(arguments.json, arguments.command, figures, sides)
    if arguments.picture and record["rows"]:
        from benchmarks import pictures

        pictures.steps(record, arguments.picture)
    return 1 if record["faults"] else 0


def measure(
    names: list[str],
    sides: list[str],
    console: Console,
    *,
    turns: int,
    batch: int | None,
    device: str = "cpu",
    tf32: bool = False,
) -> dict[str, Any]:
    """Compare, then time each step; print the table. A step that fails is not timed."""
    rows: list[Row] = []
    faults = Faults()
    with rivals(sides, device, tf32) as started, rivals(JUDGES[device]) as judges:
        for name in names:
            with faults.of(name):
                rows.append(time_step(name, started, judges, turns, batch, SLACK[tf32]))
                print(f"{name}: {table.in_words(rows[-1])}", file=sys.stderr, flush=True)
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
    return {"rows": rows, "faults": faults}


def time_step(
    name: str, started: list[Any], judges: list[Any], turns: int, batch: int | None, slack: float
) -> Row:
    """Times by side, and ratios to ours with their spread."""
    task = ("step", name, batch)
    outcomes = {rival.name: rival.open(task) for rival in started}
    expected = judges[0].open(task) if judges else outcomes["numpy"]
    for side, outcome in outcomes.items():
        compare.steps(name, side, outcome, expected, slack)
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
