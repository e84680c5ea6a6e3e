"""Whole training steps and sampling against plain NumPy (on the CPU) and peers (``--against``)."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

from rich.console import Console

from benchmarks import agreement, gpu, measuring, options, peers, table
from benchmarks.faults import Faults
from benchmarks.measuring import Panel, Row
from benchmarks.workloads import SAMPLING, TRAININGS, WORKLOADS, Step, all_steps, in_words, large_steps, steps
from gans.cli.numbers import positive
from gans.errors import UserError

DEFAULT = [*TRAININGS, SAMPLING.name]

SLACK = {False: 1.0, True: 5.0}  # times the tolerance of steps, where products round to TF32


def add_parser(commands: Any) -> None:
    """The ``steps`` command."""
    parser = commands.add_parser("steps", help=__doc__)
    options.add_sides(parser)
    add_choice(parser)
    parser.add_argument("--turns", type=positive, default=7, help="turns of each side (%(default)s)")
    options.add_files(parser, "bars")
    parser.set_defaults(run=run)


def add_choice(parser: Any) -> None:
    """The options that choose steps."""
    parser.add_argument(
        "--only",
        nargs="+",
        choices=WORKLOADS,
        metavar="NAME",
        help=f"these steps, of {', '.join(WORKLOADS)} (default: {' '.join(DEFAULT)}); sample makes images "
        "with DCGAN's G, wide is an MLP of 52 million weights",
    )
    parser.add_argument(
        "--batch", nargs="+", type=positive, metavar="N", help="batch sizes in place of each step's own"
    )
    parser.add_argument(
        "--image",
        nargs="+",
        type=options.image,
        metavar="HxWxC",
        help="sizes of images in place of 28x28x1; a DCGAN of 8, 16, 32, 64, 128 or 256 pixels a side is the "
        "published one, of other sides up to 64 that of gans",
    )
    sets = parser.add_mutually_exclusive_group()
    sets.add_argument(
        "--all",
        action="store_true",
        help="every step with a figure: DCGAN at batches 4 to 512 and on 32x32x3 and 64x64x3, and the others",
    )
    sets.add_argument(
        "--large", action="store_true", help="the large steps: those that `benchmarks memory` measures"
    )


def chosen(arguments: argparse.Namespace) -> list[Step]:
    """The steps of the options. Raises UserError if they do not go together or a network does not fit."""
    if not (arguments.all or arguments.large):
        return steps(arguments.only or DEFAULT, arguments.batch, arguments.image)
    if arguments.batch or arguments.image:
        option = "--all" if arguments.all else "--large"
        raise UserError(f"{option}: it has batch sizes and images of its own; leave out --batch and --image")
    every = all_steps() if arguments.all else large_steps()
    return [step for step in every if not arguments.only or step.workload in arguments.only]


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options; the exit status is 1 if a step failed."""
    where = {"device": arguments.device, "tf32": arguments.tf32}
    todo, sides = chosen(arguments), options.sides(arguments)
    measured = measure(todo, sides, table.console(), turns=arguments.turns, **where)
    figures = where | gpu.figures(arguments.device) | measured
    record = table.write_json(arguments.json, arguments.command, figures, sides)
    if arguments.picture and record["rows"]:
        from benchmarks import pictures

        pictures.steps(record, arguments.picture)
    return 1 if record["faults"] else 0


def measure(
    todo: list[Step],
    sides: list[str],
    console: Console,
    *,
    turns: int,
    device: str = "cpu",
    tf32: bool = False,
) -> dict[str, Any]:
    """Compare, then time each step; print the table. A step that fails is not timed."""
    rows: list[Row] = []
    faults = Faults()
    with measuring.panel(sides, device, tf32) as panel:
        for step in todo:
            with faults.of(step.name):
                rows.append(time_step(step, panel, turns, SLACK[tf32]))
                print(f"{step.name}: {table.in_words(rows[-1])}", file=sys.stderr, flush=True)
    made = table.table(
        "one step, ms; ratio = rival / ours: median (quartiles)", ["step"], measuring.columns(sides)
    )
    for row in rows:
        made.add_row(row["title"], *measuring.cells(row, sides))
    table.show(made, console)
    for line in measuring.reasons(rows):
        console.print(line, highlight=False)
    return {"rows": rows, "faults": faults}


def time_step(step: Step, panel: Panel, turns: int, slack: float = 1.0) -> Row:
    """Times by side, and ratios to ours with their spread."""
    measured = measuring.measure(step, panel, turns, partial(_agree, step.name, slack * step.slack))
    del measured["expected"]
    image = in_words(step.shape) if len(step.shape) == 3 else None
    return {
        "name": step.name,
        "title": step.title,
        "workload": step.workload,
        "batch": step.batch,
        "image": image,
        **measured,
    }


def _agree(name: str, slack: float, side: str, outcome: Any, expected: Any) -> None:
    agreement.steps(name, side, outcome, expected, slack * peers.peer(side).slack)
