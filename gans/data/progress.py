"""The progress of a download on standard error: a live bar on a terminal, else one line per file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

__all__ = ["Report", "download_progress", "silent"]

Report = Callable[[str, int, int], None]
"""Called with (name, bytes done, bytes in all), first when a file starts and then as it grows."""


def silent(name: str, done: int, size: int) -> None:
    """Shows nothing."""


@contextmanager
def download_progress() -> Iterator[Report]:
    """A ``Report`` that shows the progress within the context."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        yield _Bars(progress)


class _Lines:
    def __init__(self) -> None:
        self._started: set[str] = set()

    def __call__(self, name: str, done: int, size: int) -> None:
        if name not in self._started:
            self._started.add(name)
            resumed = f", resuming at byte {done}" if done else ""
            print(f"downloading {name} ({size / 1e6:.1f} MB{resumed})", file=sys.stderr, flush=True)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, size: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=size)
        self._progress.update(self._tasks[name], completed=done)
