"""Tables on standard output."""

from __future__ import annotations

import shutil
import sys

from rich.console import Console
from rich.table import Table

__all__ = ["show", "width"]

WIDTH_IN_A_PIPE = 120


def show(*tables: Table) -> None:
    """Print tables; in colour and as wide as the terminal if there is one, or as COLUMNS says.

    They go through ``print``, whose BrokenPipeError ends a command silently; Rich handles it in another way.
    """
    console = Console(width=width())
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    print(captured.get(), end="")


def width() -> int:
    """The columns of the terminal, or as COLUMNS says; 120 in a pipe."""
    if sys.stdout is not None and sys.stdout.isatty():
        return Console().width
    return shutil.get_terminal_size((WIDTH_IN_A_PIPE, 24)).columns
