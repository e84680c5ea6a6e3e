"""Runs a command, and turns what goes wrong into one line and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gans.cli.parser import parser
from gans.cli.settings import with_flags
from gans.errors import UserError
from gans.paths import current_folder_is_gone
from gans.terminal import any_encoding, forget_output, is_gone, say

__all__ = ["main"]

FAILED = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

LONGEST_LINE = 1_000
"""Characters of an error's line: a failed download's names each mirror and file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (those of the process unless given) ask for; the exit status.

    0 success; 2 an error, told in one line on standard error; 128 + n ended by signal n, as shells count it.
    """
    with any_encoding():
        try:
            return _flushed(_told(arguments))
        except SystemExit:  # of --help and --version
            if status := _flushed(0):
                return status
            raise


def _told(arguments: Sequence[str] | None) -> int:
    """Run the command; its status, or that of what it raised."""
    try:
        parsed = parser().parse_args(arguments)
        status: int = parsed.command(parsed)
        return status
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except UserError as error:
        return _fail(with_flags(str(error)), FAILED)
    except OSError as error:
        if current_folder_is_gone():
            return _fail("the current folder has been deleted; go to another one (cd)", FAILED)
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", FAILED)
    except MemoryError as error:
        return _fail(f"out of memory; try a smaller --batch-size or --n ({error})", FAILED)


def _flushed(status: int) -> int:
    """The status once standard output is out; if that fails, a command without another fault has this one."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except OSError as error:
        forget_output()
        if status:
            return status
        return BROKEN_PIPE if is_gone(error) else _fail(f"standard output: {error.strerror}", FAILED)


def _fail(message: str, status: int) -> int:
    say(f"gans: error: {message}", LONGEST_LINE)
    return status
