"""Which display suits the place that standard output goes to."""

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
"""An environment variable that a notebook's kernel has and hands on to what its cells start by ``!``."""


def display_for(
    config: RunConfig, folder: Path, stopping: Callable[[], bool], progress: bool = True
) -> Display:
    """The display that suits standard output; one that shows nothing without ``progress``.

    A cell's ``!gans train`` has a terminal, but the notebook would keep all that is redrawn: it gets lines.
    """
    if not progress:
        return SilentDisplay(config, folder)
    if in_notebook():
        return NotebookDisplay(config, folder)
    if sys.stdout is not None and sys.stdout.isatty() and OF_A_KERNEL not in os.environ:
        return LiveDisplay(config, folder, Console(), stopping)
    return LinesDisplay(config, folder)
