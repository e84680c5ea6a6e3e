"""Each kernel against plain NumPy (on the CPU) and PyTorch (``--against``), beside the machine's ceilings."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from functools import partial, reduce
from itertools import groupby
from typing import Any

from rich.console import Console

from benchmarks import agreement, cases, families, gpu, measuring, options, peers, shapes, table
from benchmarks.faults import Faults
from benchmarks.jobs import compulsory_bytes
from benchmarks.measuring import Panel, Row
from benchmarks.timing import TURNS
from gans.cli.numbers import positive
from gans.errors import UserError


def add_parser(commands: Any) -> None:
    """The ``kernels`` command."""
    parser = commands.add_parser("kernels", help=__doc__)
    options.add_sides(parser)
    add_choice(parser)
    parser.add_argument("--turns", type=positive, default=TURNS, help="turns of each side (%(default)s)")
    options.add_files(parser, "shares of the roofline")
    parser.set_defaults(run=run)


def add_choice(parser: Any) -> None:
    """The options that choose kernels."""
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="only kernels whose name contains a TEXT")
    parser.add_argument("--batch", type=positive, default=families.BATCH, help="batch size (%(default)s)")
    parser.add_argument(
        "--shape",
        nargs="+",
        metavar="LAYER",
        help=f"in place of the GANs' layers these, forward and both gradients: {shapes.GRAMMAR}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options; the exit status is 1 if a case failed."""
    sides = options.sides(arguments)
    chosen = select(arguments.only, arguments.batch, arguments.shape)
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


def select(
    only: list[str] | None, batch: int = families.BATCH, layers: list[str] | None = None
) -> list[cases.Case]:
    """The cases whose name contains one of the texts, all of them without texts; of the layers, if given."""
    described = [shapes.parse(text) for text in dict.fromkeys(layers or [])]
    offered = [case for layer in described for case in layer.cases(batch)] or families.cases(batch)
    chosen = [case for case in offered if not only or any(text in case.name for text in only)]
    if not chosen:
        raise UserError(f"--only: no kernel's name contains {' or '.join(map(repr, only or []))}")
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
    with measuring.panel(sides, device, tf32) as panel:
        started = panel.sides
        measured = [rival.ceilings() for rival in started if device == "cuda" or rival is started[0]]
        for number, case in enumerate(chosen, start=1):
            print(f"{number}/{len(chosen)} {case.name}", file=sys.stderr, flush=True)
            with faults.of(case.name):
                rows.append(time_case(case, panel, turns, tf32=tf32))
                print(f"  {table.in_words(rows[-1])}", file=sys.stderr, flush=True)
        measured.append(started[0].ceilings())
    limits = reduce(lambda a, b: a.or_higher(b), measured)
    arithmetic = limits.tf32 if tf32 and limits.tf32 else limits.fma
    for row in rows:
        row["share_of_fma"] = row["gflop_per_s"] / arithmetic
        row["share_of_copy"] = row["gbyte_per_s"] / limits.copy
    console.print(limits.describe())
    for family, members in groupby(rows, key=lambda row: row["family"]):
        table.show(as_table(family, list(members), sides), console)
    for line in measuring.reasons(rows):
        console.print(line, highlight=False)
    figures = {"ceilings": limits._asdict(), "batch": batch, "rows": rows, "faults": faults}
    return figures | summary(rows, sides, console)


def time_case(case: cases.Case, panel: Panel, turns: int, *, tf32: bool = False) -> Row:
    """One row: times by side, ratios to ours with their spread, and our rates."""
    measured = measuring.measure(case, panel, turns, partial(_agree, case.name, tf32))
    ours = measured["seconds"][panel.sides[0].name]
    moved = compulsory_bytes(case, measured.pop("expected"))
    return {
        "name": case.name,
        "family": case.family,
        "batch": case.batch,
        "listed": case.listed,
        "calls_per_step": case.calls,
        "flops": case.flops,
        "bytes": moved,
        **measured,
        "gflop_per_s": case.flops / ours / 1e9,
        "gbyte_per_s": moved / ours / 1e9,
    }


def _agree(name: str, tf32: bool, side: str, outcome: Any, expected: Any) -> None:
    allowed = agreement.TF32_ERROR if tf32 else peers.peer(side).kernel_error
    agreement.kernels(name, side, outcome, expected, allowed)


def as_table(family: str, rows: list[Row], sides: list[str]) -> Any:
    """A family's rows."""
    made = table.table(
        f"{family}, ms; ratio = rival / ours: median (quartiles)",
        ["kernel"],
        [*measuring.columns(sides), "GFLOP/s", "GB/s", "of FMA", "of copy"],
    )
    for row in rows:
        made.add_row(
            row["name"] + (" *" if row["listed"] else ""),
            *measuring.cells(row, sides),
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
    for side in sides[1:]:
        ratios = [row["ratio"][side]["median"] for row in listed if side in row["ratio"]]
        if ratios:
            means[side] = math.exp(statistics.fmean(map(math.log, ratios)))
            console.print(
                f"{side} / ours over the {len(ratios)} kernels marked *: geometric mean "
                f"{means[side]:.2f}, least {min(ratios):.2f}"
            )
    for side in sides:
        if step and all(side in row["seconds"] for row in step):
            totals[side] = sum(row["seconds"][side] * row["calls_per_step"] for row in step)
    if totals:
        flops = sum(row["flops"] * row["calls_per_step"] for row in step)
        shown = ", ".join(f"{side} {total * 1e3:.0f} ms" for side, total in totals.items())
        console.print(
            f"These convolutions as often as a DCGAN step makes them ({flops / 1e9:.1f} GFLOP): {shown}"
        )
    return {"geometric_mean": means, "dcgan_step_seconds": totals}
