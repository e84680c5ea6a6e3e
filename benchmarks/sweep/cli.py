"""The ``sweep`` command: cost against batch, size, channels and threads, and where it has cliffs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import agreement, measuring, options, peers, shapes, table
from benchmarks.cases import Case
from benchmarks.faults import Faults
from benchmarks.record import surroundings
from benchmarks.sweep import points
from benchmarks.sweep.cliffs import cliffs
from benchmarks.sweep.points import AXES, Point
from benchmarks.sweep.sums import at, floors_of, totals
from benchmarks.workloads import TRAININGS
from gans.cli.numbers import positive
from gans.errors import UserError

Record = dict[str, Any]

LAYER = "conv 64->128 14x14 k4 s2 p1"


def add_parser(commands: Any) -> None:
    """The ``sweep`` command."""
    parser = commands.add_parser("sweep", help=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--layer", default=LAYER, metavar="LAYER", help=f"{shapes.GRAMMAR} (%(default)s)")
    what.add_argument("--step", choices=TRAININGS, help="a training step in place of a layer")
    parser.add_argument("--axes", nargs="+", choices=AXES, default=AXES, help="what changes (all)")
    parser.add_argument("--batch", type=positive, default=16, help="where another axis changes (%(default)s)")
    options.add_against(parser)
    parser.add_argument("--no-numpy", action="store_true", help="leave out plain NumPy, which is slow")
    parser.add_argument("--turns", type=positive, default=3, help="turns of each side (%(default)s)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep each point in FILE; started again, it does the others"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw the curves")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure what the record lacks, print, draw; the exit status is 1 if a point failed."""
    sides = peers.sides(arguments.against, numpy=not arguments.no_numpy)
    todo = list(chosen(arguments))
    what = f"{arguments.step} step" if arguments.step else f"{arguments.layer}, forward and both gradients"
    record = started(arguments.json, arguments.command, what, sides)
    measure(todo, sides, record, arguments.turns, arguments.json)
    show(record, sides)
    if arguments.picture and record["rows"]:
        from benchmarks.sweep import picture

        picture.curves(record, sides, arguments.picture)
    return 1 if record["faults"] else 0


def chosen(arguments: argparse.Namespace) -> Iterator[Point]:
    """The points of the options."""
    if arguments.step:
        return points.of_step(arguments.step, arguments.axes, arguments.batch)
    return points.of_layer(shapes.parse(arguments.layer), arguments.axes, arguments.batch)


def started(path: Path | None, command: str, what: str, sides: list[str]) -> Record:
    """An empty record, or that of the same command in ``path``. Raises UserError if it is another's."""
    empty: Record = {"ceilings": {}, "rows": [], "faults": {}}
    record: Record = {"command": command, "what": what, **surroundings(sides), **empty}
    if path is None or not path.exists():
        return record
    try:
        kept = json.loads(path.read_bytes())
        same = all(kept[part] == record[part] for part in ("command", "machine", "versions"))
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise UserError(
            f"--json {path}: it holds something else than this sweep with these versions on this machine; "
            "give another name, or remove it"
        )
    return {**record, **kept, "faults": {}}


def measure(todo: Sequence[Point], sides: list[str], record: Record, turns: int, path: Path | None) -> None:
    """Add the rows that the record lacks, each written to ``path`` as soon as it is there."""
    done = {row["key"] for row in record["rows"]}
    faults = Faults()
    left = [
        (point, task)
        for point in todo
        for task in point.tasks
        if points.key(point.axis, point.value, task.name) not in done
    ]
    for threads in dict.fromkeys(point.threads for point, _ in left):
        with panel(sides, threads) as started:
            if str(threads) not in record["ceilings"]:
                record["ceilings"][str(threads)] = started.sides[0].ceilings()._asdict()
            for point, task in left:
                if point.threads != threads:
                    continue
                name = points.key(point.axis, point.value, task.name)
                with faults.of(name):
                    record["rows"].append(row_of(point, task, started, turns))
                    print(f"{name}: {table.in_words(record['rows'][-1])}", file=sys.stderr, flush=True)
                record["faults"] = faults
                write(record, path)


@contextmanager
def panel(sides: list[str], threads: int) -> Iterator[measuring.Panel]:
    """The sides with that many threads each."""
    own = 0 if threads == peers.threads() else threads
    with measuring.panel(sides, threads=own) as made:
        yield made


def row_of(point: Point, task: Any, started: measuring.Panel, turns: int) -> dict[str, Any]:
    """The times of a task at a point, its operations and least bytes."""
    agree = partial(_agree, task)
    measured = measuring.measure(task, started, turns, agree)
    flops, moved = points.floor_of(task, measured.pop("expected"))
    part = task.name.rpartition(": ")[2] if isinstance(task, Case) else task.workload
    return {
        "key": points.key(point.axis, point.value, task.name),
        "name": task.name,
        "axis": point.axis,
        "value": point.value,
        "part": part,
        "threads": point.threads,
        "flops": flops,
        "bytes": moved,
        **measured,
    }


def _agree(task: Any, side: str, outcome: Any, expected: Any) -> None:
    found = peers.peer(side)
    if isinstance(task, Case):
        agreement.kernels(task.name, side, outcome, expected, found.kernel_error)
    else:
        agreement.steps(task.name, side, outcome, expected, found.slack * task.slack)


def write(record: Record, path: Path | None) -> None:
    """The record in place of an earlier one, whole even if the process is killed meanwhile."""
    if path is not None:
        temporary = path.with_name(f"{path.name}.part")
        temporary.write_text(json.dumps(record, indent=1) + "\n")
        temporary.replace(path)


def show(record: Record, sides: list[str]) -> None:
    """A table for each axis, then the cliffs."""
    console = table.console()
    for axis in AXES:
        made = table.table(
            f"{record['what']}, ms against {axis}",
            [axis],
            [*sides, "GFLOP/s", "FMA alone, ms", "copying alone, ms"],
        )
        for value, rows in at(record, axis).items():
            took = [totals(rows, side) for side in sides]
            flops, floors = sum(row["flops"] for row in rows), floors_of(record, rows)
            made.add_row(
                str(value),
                *["-" if seconds is None else table.milliseconds(seconds) for seconds in took],
                "-" if took[0] is None else f"{flops / took[0] / 1e9:.3g}",
                *[table.milliseconds(floor) for floor in floors],
            )
        if made.row_count:
            table.show(made, console)
    found = cliffs(record["rows"])
    for cliff in found:
        console.print(f"cliff: {cliff}", highlight=False)
    if not found:
        console.print("No cliff: nowhere does the time grow much faster than the operations.")
