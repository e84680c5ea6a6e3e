"""Tables and JSON: how figures are shown and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from benchmarks.record import surroundings
from benchmarks.timing import Spread

WIDEST = 1_000
"""Columns that no table of figures needs."""


def console() -> Console:
    """A console that is wide enough for sentences where its width is unknown."""
    made = Console()
    return made if made.is_terminal else Console(width=170)


def table(title: str, names: list[str], figures: list[str]) -> Table:
    """A table with text columns, then columns of figures."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in names:
        made.add_column(name, no_wrap=True)
    for figure in figures:
        made.add_column(figure, justify="right", no_wrap=True)
    return made


def show(made: Table, on: Console) -> None:
    """Print a table as wide as its figures: a narrower terminal breaks the lines, and cuts no figure off."""
    made.width = Measurement.get(on, on.options.update(max_width=WIDEST), made).maximum
    on.print(made, crop=False)


def milliseconds(seconds: float) -> str:
    """Three significant digits."""
    ms = seconds * 1e3
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.3g}" if ms >= 0.01 else f"{ms:.4f}"


def with_spread(ratio: Spread) -> str:
    """``2.05 (1.98-2.11)``: median and quartiles."""
    return f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"


def in_words(row: dict[str, Any]) -> str:
    """``minigrad 1.2 ms, torch 3.1 ms``: a row's measurements, printed before the table is complete."""
    return ", ".join(f"{side} {milliseconds(seconds)} ms" for side, seconds in row["seconds"].items())


def write_json(path: Path | None, command: str, figures: dict[str, Any], sides: list[str]) -> dict[str, Any]:
    """The figures with the command, the machine, the versions and the date; written to ``path`` if given."""
    record = {"command": command, **surroundings(sides), **figures}
    if path is not None:
        path.write_text(json.dumps(record, indent=1) + "\n")
    return record
