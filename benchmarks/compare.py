"""Two records of ``kernels`` or ``steps`` (``--json``): rows that became slower or faster."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import changes, table
from gans.errors import UserError

Record = dict[str, Any]

SIDE = "minigrad"


def add_parser(commands: Any) -> None:
    """The ``compare`` command."""
    parser = commands.add_parser("compare", help=__doc__)
    parser.add_argument("old", type=Path, metavar="OLD.json")
    parser.add_argument("new", type=Path, metavar="NEW.json")
    changes.add_beyond(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the changes; the exit status is 1 if a row became slower."""
    old, new = (read(path) for path in (arguments.old, arguments.new))
    console = table.console()
    shared = [key for key in rows(old, SIDE) if key in rows(new, SIDE)]
    if not shared:
        raise UserError(f"{arguments.old} and {arguments.new} have no row in common")
    found = [changes.apart(key, rows(old, SIDE)[key], rows(new, SIDE)[key]) for key in shared]
    status = changes.report(found, ("old", "new"), arguments.beyond, console)
    describe(old, new, console)
    return status


def read(path: Path) -> Record:
    """A record of ``--json``. Raises UserError if it is none, or keeps no turns."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None
    if not isinstance(record, dict) or not isinstance(record.get("rows"), list):
        raise UserError(f"{path}: it is no record of `python -m benchmarks kernels` or `steps`; see --json")
    if not all(isinstance(row, dict) and SIDE in row.get("turns", {}) for row in record["rows"]):
        raise UserError(f"{path}: its rows keep no turns of {SIDE}; measure again, with --json")
    return record


def rows(record: Record, side: str) -> dict[str, list[float]]:
    """The turns of a side by row: its name, and its batch where the name has none."""
    found = {}
    for row in record["rows"]:
        batch = f", batch {row['batch']}" if row.get("batch") and "batch" not in row["name"] else ""
        if side in row["turns"]:
            found[row["name"] + batch] = row["turns"][side]
    return found


def describe(old: Record, new: Record, console: Console) -> None:
    """What else changed: rows, the machine, and the times of other sides, which show what the machine did."""
    for one, other, words in ((old, new, "only in the old record"), (new, old, "only in the new record")):
        alone = [key for key in rows(one, SIDE) if key not in rows(other, SIDE)]
        if alone:
            console.print(f"{words}: {', '.join(alone)}", highlight=False)
    if old.get("machine") != new.get("machine"):
        console.print("[bold]The machines differ:[/] these ratios say nothing about the code.")
    sides = {side for row in old["rows"] for side in row["turns"]} - {SIDE}
    for side in sorted(sides):
        before, after = rows(old, side), rows(new, side)
        both = {key: changes.apart(key, before[key], after[key]) for key in before if key in after}
        if both:
            mean = changes.geometric_mean(both)
            console.print(
                f"The machine itself: {side} takes {mean:.2f} times as long as in the old record (geometric "
                f"mean of {len(both)} rows)."
            )
