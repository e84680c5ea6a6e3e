"""Text on standard output and standard error, which may be a terminal, a file, a closed pipe or nothing."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TextIO

from gans.messages import LONGEST, one_line

__all__ = ["any_encoding", "forget", "is_gone", "note", "say"]


def say(text: str, most: int = LONGEST) -> None:
    """Print ``text`` as one line on standard error; an error of the stream is ignored."""
    with suppress(OSError):
        print(one_line(text, most), file=sys.stderr, flush=True)


def note(text: str) -> None:
    """Print a remark for the user; nothing is wrong."""
    say(f"gans: note: {text}")


@contextmanager
def any_encoding() -> Iterator[None]:
    """A block in which any character can be printed: those that the encoding lacks become escapes."""
    with ExitStack() as restore:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                restore.callback(_reconfigure, stream, stream.errors)
                _reconfigure(stream, "backslashreplace")
        yield


def is_gone(error: OSError) -> bool:
    """Whether an output failed because its reader is gone: a pipe's other end, or the terminal."""
    return error.errno in (errno.EPIPE, errno.EIO)


def forget(stream: TextIO) -> None:
    """Send a standard stream to the null device, so that its buffered rest does not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reconfigure(stream: io.TextIOWrapper, errors: str | None) -> None:
    with suppress(OSError, ValueError):  # its buffered rest cannot be written, or it is closed
        stream.reconfigure(errors=errors)
