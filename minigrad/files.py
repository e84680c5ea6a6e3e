"""Regular files: written as a whole or not at all, and opened only if they are regular files."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["UnfitFileError", "check_place", "read_regular", "regular", "temporaries", "write_atomically"]

DIGITS = 8  # of the hexadecimal number in a temporary file's name

LONGEST_NAME = 100
"""Bytes of a file's name that its temporary file repeats; most file systems take 255 in all."""

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}


class UnfitFileError(OSError):
    """A path names something other than a regular file of a plausible size."""


def regular(path: str | os.PathLike[str] | int, flags: int) -> int:
    """Open a regular file at once or not at all: the ``opener`` of ``open``.

    A read of a FIFO would wait, and one of a device might never end. A write through a symbolic link would
    change the file that it names, so only readers follow links. The opened file is checked, not its name.

    Raises UnfitFileError for anything but a regular file, IsADirectoryError for a folder, and OSError as
    ``os.open``.

    >>> with open(os.devnull, "rb", opener=regular):
    ...     pass
    Traceback (most recent call last):
    minigrad.files.UnfitFileError: [Errno 22] a device, not a regular file: '/dev/null'
    """
    name = os.fspath(path) if not isinstance(path, int) else str(path)
    if flags & (os.O_WRONLY | os.O_RDWR):
        flags |= getattr(os, "O_NOFOLLOW", 0)
        check_place(name)  # where there is no such flag; and names the kind of what cannot be opened
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    try:
        descriptor = os.open(name, flags, 0o666)
    except OSError:
        with suppress(FileNotFoundError):
            _check_kind(os.stat(name), name)  # a socket cannot be opened
        raise
    try:
        _check_kind(os.fstat(descriptor), name)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes. Raises as ``regular``, also for more bytes."""
    with open(path, "rb", opener=regular) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if max(size, len(content)) > most:
        reason = f"{max(size, len(content)):,} bytes long, expected at most {most:,}"
        raise UnfitFileError(errno.EFBIG, reason, os.fspath(path))
    return content


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise UnfitFileError, or IsADirectoryError, unless ``path`` is a regular file or does not exist."""
    with suppress(FileNotFoundError, NotADirectoryError):
        _check_kind(os.lstat(path), os.fspath(path))


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` into the file ``path``, all or nothing: a temporary file beside it, fsync, rename.

    A process that is killed meanwhile may leave one of ``temporaries`` behind. Raises OSError if the file
    cannot be written, UnfitFileError if a link, a device or the like has its name; then nothing has changed.
    """
    check_place(path)
    temporary = path.with_name(f".{_short(path.name)}.{secrets.token_hex(DIGITS // 2)}.tmp")
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
    sync_folder(path.parent)


def temporaries(folder: Path, name: str | None = None) -> Iterator[Path]:
    """The temporary files that killed processes left in ``folder``, for the file ``name`` or for all."""
    of = "*" if name is None else glob.escape(_short(name))
    found = folder.glob(f".{of}.{'[0-9a-f]' * DIGITS}.tmp")
    return (path for path in found if not path.is_dir())


def sync_folder(folder: Path) -> None:
    """Write the names in ``folder`` to the disk, where possible, so that a rename survives a power cut."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_kind(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise UnfitFileError(errno.EINVAL, f"{kind}, not a regular file", path)


def _short(name: str) -> str:
    """As much of ``name`` as a temporary file's name can hold."""
    while len(os.fsencode(name)) > LONGEST_NAME:
        name = name[:-1]
    return name
