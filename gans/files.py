"""Files in and out: regular files of a plausible size, with content that fits its schema.

A reader of any format takes the bytes from ``read``, or from ``open_file`` for long files, and parses them
within ``reading``, which turns damage into an error of one line; ``decode`` parses JSON. All outputs are
written by ``write``, and files that grow by ``append``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from gans.errors import UserError
from gans.messages import LONGEST, one_line
from minigrad.files import UnfitFileError, check_place, read_regular, regular, temporaries, write_atomically

__all__ = [
    "DAMAGE",
    "append",
    "check_output",
    "damaged",
    "decode",
    "fitted",
    "folded",
    "open_file",
    "read",
    "reading",
    "remove_temporaries",
    "write",
    "write_json",
]

T = TypeVar("T")

DAMAGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""The exceptions that code can raise when a file has nonsense in it."""

_SHORTEST_REASON = 110

_NAME = re.compile(r"`(?!(?:array|bool|float|int|null|object|str)`)(\w+)`")
"""A field between backquotes, which would read as an argument of the caller's; msgspec's types stay."""


@contextmanager
def reading(path: Path, remedy: str, what: str = "damaged") -> Iterator[None]:
    """A block that reads ``path``: nonsense there becomes an error of one line, with ``remedy``.

    ``what`` names the kind of fault.

    Raises UserError if the block raised one, or one of ``DAMAGE``, or the path is no regular file.
    """
    try:
        yield
    except UnfitFileError as error:
        raise damaged(path, error.strerror, remedy, "") from error
    except KeyError as error:
        raise damaged(path, f"{error} is missing", remedy, what) from error
    except (*DAMAGE, UserError) as error:
        raise damaged(path, error, remedy, what) from error


def damaged(path: Path, reason: object, remedy: str, what: str = "damaged") -> UserError:
    """The error of a file whose content makes no sense, as one line of at most 300 characters.

    ``what`` names the kind of fault, ``reason`` the fault itself. A longer ``path`` makes a longer line.
    """
    named, kind = one_line(path, len(str(path)) * 6), f"{what}: " if what else ""
    left = LONGEST - len(named) - len(kind) - len(remedy) - len(": ; ")
    said = _NAME.sub(r"\1", str(reason))
    return UserError(f"{named}: {kind}{one_line(said, max(left, _SHORTEST_REASON))}; {remedy}")


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises OSError if there is none, or it is not a regular file.
    """
    return open(path, "rb", opener=regular)


def append(path: Path) -> BinaryIO:
    """Open a regular file, which need not exist yet, for writing at its end.

    Raises OSError if it cannot be written, or is a link, a FIFO or the like.
    """
    return open(path, "ab", opener=regular)


def read(path: Path, most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes.

    Raises OSError if there is none, it is longer, or it is not a regular file.
    """
    return read_regular(path, most)


def decode(content: bytes, schema: type[T]) -> T:
    """The JSON in ``content`` as a ``schema``, any type that msgspec supports.

    Raises ValueError if it is no JSON, or does not fit; the message says where.
    """
    try:
        return msgspec.json.decode(content, type=schema)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def fitted(value: Any, schema: type[T]) -> T:
    """Decoded JSON as a ``schema``.

    Raises ValueError if it does not fit; the message says where.
    """
    try:
        return msgspec.convert(value, schema)
    except SystemError as error:  # some versions of msgspec raise it for an integer too large for a float
        raise ValueError("a number is too large") from error
    except (msgspec.MsgspecError, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def write(path: Path, content: bytes) -> None:
    """Write an output, all or nothing; never through a link, a device or the like of that name.

    Raises OSError if it cannot be written.
    """
    write_atomically(path, content)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write ``document`` as indented JSON, as ``write`` does."""
    write(path, (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def folded(value: Any, level: int) -> bytes:
    """``value`` as indented JSON, whose containers at ``level`` are in one line each.

    >>> print(folded({"name": "a", "trials": [{"seed": 0}, {"seed": 1}]}, 2).decode(), end="")
    {
     "name": "a",
     "trials": [
      {"seed": 0},
      {"seed": 1}
     ]
    }
    """
    return (_folded(value, 0, level) + "\n").encode()


def _folded(value: Any, depth: int, level: int) -> str:
    if depth == level or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, dict):
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {_folded(v, depth + 1, level)}"
            for key, v in value.items()
        ]
    else:
        items = [_folded(v, depth + 1, level) for v in value]
    inner, brackets = " " * (depth + 1), "{}" if isinstance(value, dict) else "[]"
    return brackets[0] + ",".join(f"\n{inner}{item}" for item in items) + f"\n{' ' * depth}{brackets[1]}"


def check_output(path: Path) -> None:
    """Check ``path`` before any work, as ``write`` would.

    Raises UserError if its folder does not exist, or it names something other than a regular file.
    """
    try:
        check_place(path)
    except IsADirectoryError:
        raise UserError(f"{path}: a folder of that name is there; give the name of a file") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give another name") from error
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}; make it, or give another name")


def remove_temporaries(folder: Path) -> None:
    """Remove the half-written files of killed processes in ``folder``; no process may be writing into it."""
    for path in temporaries(folder):
        path.unlink(missing_ok=True)
