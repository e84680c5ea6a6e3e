"""One process at a time in a folder that data are downloaded into."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gans.errors import UserError
from gans.files import append
from gans.locks import try_lock
from gans.terminal import say

__all__ = ["folder_lock"]

_POLL_SECONDS = 0.1


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Make ``folder`` and hold it for one process at a time; a second one prints that it waits.

    Folders that were made for it are removed if they are empty at the end.

    Raises UserError if the folder's file system has no locks. Raises OSError if the folder cannot be made or
    written.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with _locked(folder) as path:
        try:
            yield
        finally:
            _tidy(path, made)


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """Hold the lock; its file may be deleted and made anew while no process holds it."""
    path = folder / ".lock"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = append(path)
        except FileNotFoundError:  # the process that held the lock has just removed the folder
            continue
        with file:
            _wait_for(file.fileno(), folder)
            if _is_at(file, path):
                yield path
                return


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether ``path`` still names the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _tidy(path: Path, folders: list[Path]) -> None:
    """If the lock is alone in its folder, remove it, and of the folders, the inmost first, the empty ones."""
    with suppress(OSError):  # another process has come meanwhile, or, on Windows, the lock is open
        if [each.name for each in path.parent.iterdir()] == [path.name]:
            path.unlink()
            for folder in folders:
                folder.rmdir()


def _wait_for(descriptor: int, folder: Path) -> None:
    noted = False
    try:
        while not try_lock(descriptor):
            if not noted:
                say(f"{folder}: another process is downloading into it; waiting")
                noted = True
            time.sleep(_POLL_SECONDS)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be locked: {error.strerror}; name a folder on a local disk with `data_dir`"
        ) from error
