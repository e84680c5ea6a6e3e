"""Tables on standard output."""

from __future__ import annotations

import shutil
import sys

from rich.console import Console
from rich.table import Table

__all__ = ["show"]

WIDTH_IN_A_PIPE = 120


def show(*tables: Table) -> None:
    """Print tables; in colour and as wide as the terminal if there is one, or as COLUMNS says.

    They go through ``print``, whose BrokenPipeError ends a command silently; Rich handles it in another way.
    """
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = None if terminal else shutil.get_terminal_size((WIDTH_IN_A_PIPE, 24)).columns
    console = Console(width=width)
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    print(captured.get(), end="")
