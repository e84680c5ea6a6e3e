"""One process at a time in a folder that data are downloaded into."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gans.errors import UserError
from gans.files import append
from gans.locks import try_lock

__all__ = ["folder_lock"]

_POLL_SECONDS = 0.1


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for one process at a time; a second one says that it waits, and waits.

    The file ``.lock`` stays behind: deleting it would let two processes hold two different files of that
    name.

    :raises UserError: the folder's file system knows no locks
    :raises OSError: the folder cannot be written
    """
    with append(folder / ".lock") as file:
        _wait_for(file.fileno(), folder)
        yield


def _wait_for(descriptor: int, folder: Path) -> None:
    told = False
    try:
        while not try_lock(descriptor):
            if not told:
                print(
                    f"{folder}: another process is downloading into it; waiting", file=sys.stderr, flush=True
                )
                told = True
            time.sleep(_POLL_SECONDS)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be locked: {error.strerror}; name a folder on a local disk with --data-dir"
        ) from error
