"""A lock between processes that the system releases when its holder dies."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gans.errors import UserError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


__all__ = ["folder_lock"]

_HELD = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK}
_POLL_SECONDS = 0.1


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for one process at a time; a second one says that it waits, and waits.

    The file ``.lock`` stays behind: deleting it would let two processes hold two different files of that
    name.

    :raises UserError: the folder's file system knows no locks
    :raises OSError: the folder cannot be written
    """
    with (folder / ".lock").open("ab") as file:
        _wait_for(file.fileno(), folder)
        yield


def _wait_for(descriptor: int, folder: Path) -> None:
    told = False
    while True:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno not in _HELD:
                raise UserError(
                    f"{folder}: cannot be locked: {error.strerror}; "
                    "name a folder on a local disk with --data-dir"
                ) from error
        else:
            return
        if not told:
            print(f"{folder}: another process is downloading into it; waiting", file=sys.stderr, flush=True)
            told = True
        time.sleep(_POLL_SECONDS)
