"""Each kernel against plain NumPy (on the CPU) and PyTorch (``--against``), beside the machine's ceilings."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import cases, compare, gpu, peers, table, timing
from benchmarks.faults import Faults
from benchmarks.jobs import compulsory_bytes
from benchmarks.rivals import rivals
from gans.cli.numbers import positive

Row = dict[str, Any]

JUDGES: dict[str, list[str]] = {"cpu": [], "cuda": ["minigrad"]}
"""The side whose CPU results all others must match; None is plain NumPy, which is timed too."""

ERRORS = {False: compare.KERNEL_ERROR, True: compare.TF32_ERROR}


def add_parser(commands: Any) -> None:
    """The ``kernels`` command."""
    parser = commands.add_parser("kernels", help=__doc__)
    peers.add_arguments(parser)
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="only kernels whose name contains a TEXT")
    parser.add_argument("--batch", type=positive, default=cases.BATCH, help="batch size (%(default)s)")
    parser.add_argument(
        "--turns", type=positive, default=timing.TURNS, help="turns of each side (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw shares of the roofline")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options; the exit status is 1 if a case failed."""
    sides = peers.checked_sides(arguments)
    chosen = select(arguments.only, arguments.batch)
    where = {"device": arguments.device, "tf32": arguments.tf32}
    figures = (
        where
        | gpu.figures(arguments.device)
        | measure(chosen, sides, table.console(), turns=arguments.turns, batch=arguments.batch, **where)
    )
    record = table.write_json(arguments.json, arguments.command, figures, sides)
    if arguments.picture and record["rows"]:
        from benchmarks import pictures

        pictures.kernels(record, arguments.picture)
    return 1 if record["faults"] else 0


def select(only: list[str] | None, batch: int = cases.BATCH) -> list[cases.Case]:
    """The cases whose name contains one of the texts, all of them without texts."""
    chosen = [case for case in cases.cases(batch) if not only or any(text in case.name for text in only)]
    if not chosen:
        raise peers.UserError(f"--only: no kernel's name contains {' or '.join(map(repr, only or []))}")
    return chosen


def measure(
    chosen: list[cases.Case],
    sides: list[str],
    console: Console,
    *,
    turns: int,
    batch: int,
    device: str = "cpu",
    tf32: bool = False,
) -> dict[str, Any]:
    """Compare, then time each case; print a table for each family. A case that fails is not timed."""
    rows: list[Row] = []
    faults = Faults()
    with rivals(sides, device, tf32) as started, rivals(JUDGES[device]) as judges:
        measured = [rival.ceilings() for rival in started if device == "cuda" or rival is started[0]]
        for number, case in enumerate(chosen, start=1):
            print(f"{number}/{len(chosen)} {case.name}", file=sys.stderr, flush=True)
            with faults.of(case.name):
                rows.append(time_case(case, started, judges, turns, batch, ERRORS[tf32]))
                print(f"  {table.in_words(rows[-1])}", file=sys.stderr, flush=True)
        measured.append(started[0].ceilings())
    limits = reduce(lambda a, b: a.or_higher(b), measured)
    arithmetic = limits.tf32 if tf32 and limits.tf32 else limits.fma
    for row in rows:
        row["share_of_fma"] = row["gflop_per_s"] / arithmetic
        row["share_of_copy"] = row["gbyte_per_s"] / limits.copy
    console.print(limits.describe())
    for family, members in groupby(rows, key=lambda row: row["family"]):
        console.print(as_table(family, list(members), sides))
    figures = {"ceilings": limits._asdict(), "batch": batch, "rows": rows, "faults": faults}
    return figures | summary(rows, sides, console)


def time_case(
    case: cases.Case, started: list[Any], judges: list[Any], turns: int, batch: int, allowed: float
) -> Row:
    """One row: times by side, ratios to ours with their spread, and our rates."""
    task = ("kernel", case.name, batch)
    outcomes = {rival.name: rival.open(task) for rival in started}
    expected = judges[0].open(task) if judges else outcomes["numpy"]
    for side, outcome in outcomes.items():
        compare.kernels(case.name, side, outcome, expected, allowed)
    times = timing.in_turn(started, turns)
    ours = statistics.median(times["minigrad"])
    moved = compulsory_bytes(case, expected)
    return {
        "name": case.name,
        "family": case.family,
        "listed": case.listed,
        "calls_per_step": case.calls,
        "flops": case.flops,
        "bytes": moved,
        "seconds": {side: statistics.median(own) for side, own in times.items()},
        "ratio": {
            side: timing.ratio(own, times["minigrad"])._asdict()
            for side, own in times.items()
            if side != "minigrad"
        },
        "gflop_per_s": case.flops / ours / 1e9,
        "gbyte_per_s": moved / ours / 1e9,
    }


def as_table(family: str, rows: list[Row], sides: list[str]) -> Any:
    """A family's rows."""
    rivals_of = [side for side in sides if side != "minigrad"]
    made = table.table(
        f"{family}, ms; ratio = rival / ours: median (quartiles)",
        ["kernel"],
        ["ours", *rivals_of, *[f"{s} / ours" for s in rivals_of], "GFLOP/s", "GB/s", "of FMA", "of copy"],
    )
    for row in rows:
        made.add_row(
            row["name"] + (" *" if row["listed"] else ""),
            *[table.milliseconds(row["seconds"][side]) for side in ("minigrad", *rivals_of)],
            *[table.with_spread(timing.Spread(**row["ratio"][side])) for side in rivals_of],
            f"{row['gflop_per_s']:.3g}",
            f"{row['gbyte_per_s']:.3g}",
            f"{row['share_of_fma']:.0%}",
            f"{row['share_of_copy']:.0%}",
        )
    return made


def summary(rows: list[Row], sides: list[str], console: Console) -> dict[str, Any]:
    """The geometric mean of the listed kernels' ratios, and the convolutions of one DCGAN step."""
    listed = [row for row in rows if row["listed"]]
    step = [row for row in rows if row["calls_per_step"]]
    means: dict[str, float] = {}
    totals: dict[str, float] = {}
    if listed:
        for side in sides:
            if side != "minigrad":
                ratios = [row["ratio"][side]["median"] for row in listed]
                means[side] = math.exp(statistics.fmean(map(math.log, ratios)))
                console.print(
                    f"{side} / ours over the {len(listed)} kernels marked *: geometric mean "
                    f"{means[side]:.2f}, least {min(ratios):.2f}"
                )
    if step:
        flops = sum(row["flops"] * row["calls_per_step"] for row in step)
        for side in sides:
            totals[side] = sum(row["seconds"][side] * row["calls_per_step"] for row in step)
        shown = ", ".join(f"{side} {total * 1e3:.0f} ms" for side, total in totals.items())
        console.print(
            f"These convolutions as often as a DCGAN step makes them ({flops / 1e9:.1f} GFLOP): {shown}"
        )
    return {"geometric_mean": means, "dcgan_step_seconds": totals}
