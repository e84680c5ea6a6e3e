"""The peak of resident memory that large work needs, each side in a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import options, peers, table
from benchmarks.faults import Faults
from benchmarks.measuring import Row
from benchmarks.startup import probe
from benchmarks.workloads import WORKLOADS, Step, in_words, large_steps, steps
from gans.cli.numbers import positive


def add_parser(commands: Any) -> None:
    """The ``memory`` command."""
    parser = commands.add_parser("memory", help=__doc__)
    options.add_against(parser)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=WORKLOADS,
        metavar="NAME",
        help=f"of {', '.join(WORKLOADS)}; without it dcgan at batch 4096 and on 128x128x3, and wide",
    )
    parser.add_argument("--batch", nargs="+", type=positive, metavar="N", help="batch sizes, with --only")
    parser.add_argument("--image", nargs="+", type=options.image, metavar="HxWxC", help="sizes, with --only")
    parser.add_argument("--steps", type=positive, default=4, help="steps of each (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the file of the option; the exit status is 1 if a step failed."""
    sides = peers.sides(arguments.against, numpy=False)
    todo = steps(arguments.only, arguments.batch, arguments.image) if arguments.only else large_steps()
    rows: list[Row] = []
    faults = Faults()
    for task in todo:
        with faults.of(task.name):
            rows.append(measure(task, sides, arguments.steps))
    made = table.table(
        f"peak resident memory of {arguments.steps} steps beyond that of the imports, MiB",
        ["step"],
        ["ours", *sides[1:], *[f"{side} / ours" for side in sides[1:]]],
    )
    for row in rows:
        grown = row["grown_bytes"]
        made.add_row(
            row["title"],
            *[f"{grown[side] / 2**20:,.0f}" for side in sides],
            *[f"{grown[side] / grown['minigrad']:.2f}" for side in sides[1:]],
        )
    table.show(made, table.console())
    table.write_json(arguments.json, arguments.command, {"rows": rows, "faults": faults}, sides)
    return 1 if faults else 0


def measure(task: Step, sides: list[str], count: int) -> Row:
    """The peak of each side, whole and beyond what its process held before networks and batches were made."""
    place = [str(task.batch), *([in_words(task.shape)] if len(task.shape) == 3 else [])]
    found = {side: probe(side, task.workload, count, *place) for side in sides}
    return {
        "name": task.name,
        "title": task.title,
        "batch": task.batch,
        "grown_bytes": {side: one.grown for side, one in found.items()},
        "peak_bytes": {side: one.memory for side, one in found.items()},
    }
