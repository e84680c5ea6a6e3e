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
    """A block that shows its current stage: first ``first``, then each that its function is called with.

    Nothing stays on the screen at the end; without a terminal nothing is shown.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda stage: None
        return
    with Console(stderr=True).status(Text(first)) as status:
        yield lambda stage: status.update(Text(one_line(stage)))
