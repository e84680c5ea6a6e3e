"""The display for a terminal, a file or a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from gans.trainer.config import RunConfig
from gans.trainer.display import Display, LinesDisplay, LiveDisplay, SilentDisplay
from gans.trainer.notebook import NotebookDisplay, in_notebook

__all__ = ["display_for"]

OF_A_KERNEL = "JPY_PARENT_PID"
"""An environment variable of a notebook's kernel, and of the programs that its cells start with ``!``."""


def display_for(
    config: RunConfig, folder: Path, stopping: Callable[[], bool], progress: bool = True
) -> Display:
    """The display for standard output; without ``progress``, one that shows nothing.

    A cell's ``!gans train`` has a terminal, but the notebook keeps every redrawing: it gets lines.
    """
    if not progress:
        return SilentDisplay(config, folder)
    if in_notebook():
        return NotebookDisplay(config, folder)
    if sys.stdout is not None and sys.stdout.isatty() and OF_A_KERNEL not in os.environ:
        return LiveDisplay(config, folder, Console(), stopping)
    return LinesDisplay(config, folder)
