"""A job that counts, for tests: it keeps how far it is in a file of its folder."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from gans.errors import UserError
from gans.jobs import Say, Stop, StoppedError, sole

LAST = 10


class Count(NamedTuple):
    """Counts to ten; on its way it may die ``deaths`` times, fail, or ``wait`` for a stop at five."""

    folder: Path
    deaths: int = 0
    error: str = ""
    wait: bool = False

    @property
    def title(self) -> str:
        return self.folder.name

    def carry_out(self, stop: Stop, say: Say) -> bool:
        with sole(self.folder) as alone:
            if alone:
                while number(self.folder) < LAST:
                    self._advance(stop)
                say(f"{self.title} is at its end")
            return alone

    def _advance(self, stop: Stop) -> None:
        now = number(self.folder)
        if now == 5 and self.error:
            raise UserError(self.error)
        if now == 5 and begun(self.folder) < self.deaths:
            (self.folder / f"death-{begun(self.folder)}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if now == 5 and self.wait:
            (self.folder / "waits").touch()
            while not stop():
                time.sleep(0.01)
        if stop():
            raise StoppedError
        (self.folder / "number").write_text(str(now + 1))
        with (self.folder / "steps").open("a") as file:
            file.write(f"{now + 1}\n")


def number(folder: Path) -> int:
    path = folder / "number"
    return int(path.read_text()) if path.exists() else 0


def begun(folder: Path) -> int:
    """How often it has died."""
    return len(list(folder.glob("death-*")))


def steps(folder: Path) -> list[int]:
    """All steps that were ever taken, in their order."""
    return list(map(int, (folder / "steps").read_text().split()))
