"""The folder of a run: the paths of its files, and the lock of the process that writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gans.errors import UserError
from gans.files import append, remove_temporaries
from gans.locks import try_lock
from gans.trainer.config import CONFIG
from minigrad.files import check_place

__all__ = ["LockedError", "RunFolder"]

_PICTURE = re.compile(r"epoch-(?P<epoch>[0-9]{4,9})(?:_step-(?P<step>[0-9]{4,12}))?\.png")


_LONGEST_NAME = 200
"""The most bytes of a folder's name without its number; file systems take 255 with it."""


class LockedError(UserError):
    """Another process trains the run."""


class RunFolder:
    """Paths of a run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics = path / "metrics.jsonl"
        self.evaluations = path / "evaluations.jsonl"
        self.checkpoint = path / "checkpoint.safetensors"
        self.best = path / "best.safetensors"
        self.samples = path / "samples"
        self.animation = path / "samples.gif"
        self.losses = path / "losses.png"
        self.figures = path / "figures.png"
        self.evaluation = path / "evaluation.json"
        self.bias = path / "bias.json"

    @classmethod
    def create(cls, out: Path | None, name: str) -> RunFolder:
        """The folder ``out``, or the first free one of runs/NAME, runs/NAME-2, ...

        Raises UserError if ``out`` holds a run or a file that a run would write, or is a file.
        """
        if out is None:
            return cls(_first_free(Path("runs"), name))
        folder = cls(out)
        folder.check_free()
        try:
            out.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UserError(f"{out} cannot be a folder: a file is in its place") from None
        return folder

    def check_free(self) -> None:
        """Refuse a folder with files that a new run would change.

        Raises UserError if it holds a run or a file that a run would write.
        """
        out = self.path
        if os.path.lexists(out / CONFIG):
            raise UserError(f"{out} already holds a run: go on with `resume` {out}, or give another `out`")
        if taken := [path for path in (*self._files(), *self.pictures()) if os.path.lexists(path)]:
            raise UserError(f"{out} holds {taken[0].name}, which a run would change; give another `out`")

    def check_own(self) -> None:
        """Refuse a run if one of its files is a link, a FIFO or the like: a run writes only into its folder.

        Raises UserError for the first of them by name.
        """
        try:
            for path in (self.path / CONFIG, *self._files(), *self.pictures()):
                check_place(path)
        except OSError as error:
            raise UserError(f"{error.filename}: {error.strerror}; put a copy in its place") from error
        if self.samples.is_symlink() or (self.samples.exists() and not self.samples.is_dir()):
            raise UserError(f"{self.samples}: not a folder of the run; put a copy in its place")

    def _files(self) -> tuple[Path, ...]:
        return (
            self.metrics,
            self.evaluations,
            self.checkpoint,
            self.best,
            self.animation,
            self.losses,
            self.figures,
            self.evaluation,
            self.bias,
        )

    def picture(self, epoch: int, step: int | None = None) -> Path:
        """The samples from fixed noise after ``epoch``, or at ``step`` after it; 0 is before training."""
        within = "" if step is None else f"_step-{step:04d}"
        return self.samples / f"epoch-{epoch:04d}{within}.png"

    def pictures(self) -> dict[Path, str]:
        """The pictures of samples in order, each with its epoch or step in words; no other files."""
        found = {
            path: match for path in self.samples.glob("*.png") if (match := _PICTURE.fullmatch(path.name))
        }
        order = sorted(found, key=lambda path: (int(found[path]["epoch"]), int(found[path]["step"] or 0)))
        return {path: _words(found[path]["epoch"], found[path]["step"]) for path in order}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training this run, and remove the half-written files of killed ones.

        Raises LockedError if another process trains this run, UserError as ``check_own``.
        """
        with append(self.path / ".lock") as file:
            with suppress(OSError):  # a file system without locks must not prevent training
                if not try_lock(file.fileno()):
                    raise LockedError(f"{self.path}: another process is training this run")
            self.check_own()
            self.samples.mkdir(exist_ok=True)
            remove_temporaries(self.path)
            remove_temporaries(self.samples)
            yield


def _words(epoch: str, step: str | None) -> str:
    return f"epoch {int(epoch)}" if step is None else f"step {int(step)}"


def _first_free(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    while len(os.fsencode(name)) > _LONGEST_NAME:
        name = name[:-1]
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path
