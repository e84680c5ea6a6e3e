"""The folder of a run: where its files lie, who may write into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gans.errors import UserError
from gans.locks import try_lock
from gans.trainer.config import CONFIG
from gans.trainer.files import remove_temporaries

__all__ = ["RunFolder"]


class RunFolder:
    """Paths of a run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics = path / "metrics.jsonl"
        self.checkpoint = path / "checkpoint.safetensors"
        self.samples = path / "samples"
        self.animation = path / "samples.gif"
        self.losses = path / "losses.png"
        self.evaluation = path / "evaluation.json"

    @classmethod
    def create(cls, out: Path | None, name: str) -> RunFolder:
        """The folder ``out``, or the first free one of runs/NAME, runs/NAME-2, ...

        :raises UserError: ``out`` holds a run or a file that a run would write, or is a file
        """
        if out is None:
            return cls(_first_free(Path("runs"), name))
        if (out / CONFIG).exists():
            raise UserError(
                f"{out} already holds a run: go on with it by --resume {out}, or give another --out"
            )
        try:
            out.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UserError(f"{out} cannot be a folder: a file is in its place") from None
        folder = cls(out)
        files = (folder.metrics, folder.checkpoint, folder.animation, folder.losses, folder.evaluation)
        if taken := [path for path in (*files, *folder.pictures()) if path.exists()]:
            raise UserError(f"{out} holds {taken[0].name}, which a run would change; give another --out")
        return folder

    def picture(self, epoch: int) -> Path:
        """The samples from fixed noise after ``epoch``; epoch 0 is before training."""
        return self.samples / f"epoch-{epoch:04d}.png"

    def pictures(self) -> list[Path]:
        """All pictures of samples, in order."""
        return sorted(self.samples.glob("epoch-*.png"), key=picture_epoch)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training this run, and clear away what killed ones left half-written.

        :raises UserError: another process trains this run
        """
        with (self.path / ".lock").open("ab") as file:
            with suppress(OSError):  # a file system without locks must not keep anybody from training
                if not try_lock(file.fileno()):
                    raise UserError(f"{self.path}: another process is training this run")
            self.samples.mkdir(exist_ok=True)
            remove_temporaries(self.path)
            remove_temporaries(self.samples)
            yield


def picture_epoch(path: Path) -> int:
    """The epoch in the name of a picture."""
    return int(path.stem.removeprefix("epoch-"))


def _first_free(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path
