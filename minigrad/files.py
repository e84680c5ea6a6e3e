"""Files that are whole or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

DIGITS = 8  # of the hexadecimal number in a temporary file's name


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` into the file ``path``, all or nothing: a temporary file beside it, fsync, rename.

    A process that is killed meanwhile may leave one of ``temporaries`` behind. Raises OSError if the file
    cannot be written; what was there before is unchanged then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(DIGITS // 2)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    _sync_folder(path.parent)


def temporaries(folder: Path, name: str | None = None) -> Iterator[Path]:
    """What killed processes left half-written in ``folder``, of the file ``name`` or of all."""
    of = "*" if name is None else glob.escape(name)
    return folder.glob(f".{of}.{'[0-9a-f]' * DIGITS}.tmp")


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
