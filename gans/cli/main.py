"""Runs a command, and turns what goes wrong into one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from gans.cli.parser import parser
from gans.errors import UserError

__all__ = ["main"]

FAILED = 2
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (those of the process unless given) ask for; the exit status.

    0 success; 2 an error, told in one line on standard error; 128 + n ended by signal n, as shells count it.
    """
    try:
        try:
            parsed = parser().parse_args(arguments)
            status: int = parsed.command(parsed)
            return status
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _forget_standard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except UserError as error:
        return _fail(str(error), FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", FAILED)
    except MemoryError as error:
        return _fail(f"out of memory; try a smaller --batch-size or --n ({error})", FAILED)


def _fail(message: str, status: int) -> int:
    with suppress(OSError):
        print(f"gans: error: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return status


def _forget_standard_output() -> None:
    """The reader is gone: what is still buffered must not fail again when Python exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
