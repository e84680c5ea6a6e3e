"""The stages of a slow command, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from gans.messages import one_line

__all__ = ["stages"]


@contextmanager
def stages(first: str) -> Iterator[Callable[[str], None]]:
    """A block whose stages are shown, ``first`` and those that the function is called with.

    Each takes the place of the one before, and nothing stays; without a terminal nothing is shown.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda stage: None
        return
    with Console(stderr=True).status(Text(first)) as status:
        yield lambda stage: status.update(Text(one_line(stage)))
