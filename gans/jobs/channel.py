"""What a command and its jobs in other processes say to each other: files in a folder that all of them see.

Processes on this machine, tasks of SLURM and workers of Dask share no pipe, and they share the folder in
which their work lies.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from gans.files import append
from gans.jobs.job import sole
from gans.messages import one_line

__all__ = ["Channel", "JobsEnd", "opened"]

SECONDS_BETWEEN_LOOKS = 0.5


class JobsEnd(NamedTuple):
    """The end of a job: ``stop()`` is true once the command calls its own, ``say`` sends it a line.

    A command that is gone stops nothing and hears nothing.
    """

    folder: Path
    number: int

    def begin(self) -> None:
        """Note that the job has begun."""
        self._send(b"")

    def say(self, line: str) -> None:
        self._send(f"{one_line(line)}\n".encode())

    def stop(self) -> bool:
        return (self.folder / "stop").exists()

    def _send(self, content: bytes) -> None:
        with suppress(OSError), append(self.folder / f"{self.number}.lines") as lines:
            lines.write(content)


class Channel:
    """The end of the command, which has any number of jobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[int, int] = {}
        self._looked = time.monotonic()

    def job(self, number: int) -> JobsEnd:
        """The end of a job that is about to be submitted."""
        self._read.setdefault(number, 0)
        return JobsEnd(self.folder, number)

    def has_begun(self, number: int) -> bool:
        return (self.folder / f"{number}.lines").exists()

    def stop(self) -> None:
        """Make all jobs save and stop."""
        (self.folder / "stop").touch()

    def lines(self, *, now: bool = False) -> Iterator[str]:
        """The new lines of all jobs; none if it is not time to look again, unless it must be ``now``."""
        if not now and time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        for number, read in self._read.items():
            with suppress(FileNotFoundError), open(self.folder / f"{number}.lines", "rb") as file:
                file.seek(read)
                content = file.read()
                whole = content[: content.rfind(b"\n") + 1]
                self._read[number] = read + len(whole)
                yield from whole.decode().splitlines()


@contextmanager
def opened(base: Path) -> Iterator[Channel]:
    """A channel in a new folder below ``base``, which goes with its files when the block ends.

    Those of killed commands go too.
    """
    base.mkdir(parents=True, exist_ok=True)
    for old in base.glob(".jobs-*"):
        with sole(old) as dead:
            if dead:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=".jobs-", dir=base)).absolute()
    try:
        with sole(folder):
            yield Channel(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
