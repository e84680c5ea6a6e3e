"""``gans compare-runs``."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gans.cli.files import check_folder_of
from gans.cli.tables import show
from gans.files import write, write_json
from gans.messages import one_line
from gans.plotting import check_png
from gans.sweeps import RunComparison, compare

STANDARD_OUTPUT = Path("-")


def run(arguments: Namespace) -> int:
    """Draw runs over each other, and show what differs; the exit status."""
    picture = arguments.out or Path("runs.png")
    check_png(picture)
    check_folder_of("--out", picture)
    if arguments.json not in (None, STANDARD_OUTPUT):
        check_folder_of("--json", arguments.json)
    found = compare(arguments.runs)
    write(picture, found.png())
    if arguments.json == STANDARD_OUTPUT:
        print(json.dumps(found.document(), indent=2, allow_nan=False))
        return 0
    if arguments.json is not None:
        write_json(arguments.json, found.document())
    show(_table(found))
    print(f"written to {one_line(picture)}")
    return 0


def _table(found: RunComparison) -> Table:
    """What differs, above a line, and the last figures."""
    table = Table(title="runs over each other")
    table.add_column("")
    for run in found.paths:
        table.add_column(Text(run), justify="right")
    for number, row in enumerate(found.rows(), start=1):
        table.add_row(*map(Text, row), end_section=number == len(found.settings))
    return table
