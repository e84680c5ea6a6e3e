"""Runs a command; an error becomes one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from gans.cli.parser import parser
from gans.errors import UserError
from gans.paths import current_folder_is_gone
from gans.terminal import any_encoding, forget, is_gone, say

__all__ = ["main"]

FAILED = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

LAUNCHERS = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
"""Variables of processes that a launcher has started, as in minigrad.distributed, which is imported late."""

LONGEST_LINE = 1_000
"""The most characters of an error's line; that of a failed download names each mirror and file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command of ``arguments`` (by default those of the process); returns the exit status.

    0 success; 2 an error, one line on standard error; 128 + n ended by signal n, as in shells.
    """
    with any_encoding():
        try:
            return _flushed(_status(arguments))
        except SystemExit:  # of --help and --version
            if status := _flushed(0):
                return status
            raise


def _status(arguments: Sequence[str] | None) -> int:
    """Run the command; its status, or that of its error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _together(words) if any(name in os.environ for name in LAUNCHERS) else _run(words)
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except UserError as error:
        of_another_rank = getattr(error, "rank", 0) != 0  # which shows it
        return FAILED if of_another_rank else _fail(_with_flags(str(error)), FAILED)
    except OSError as error:
        if current_folder_is_gone():
            return _fail("the current folder has been deleted; go to another one (cd)", FAILED)
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", FAILED)
    except MemoryError as error:
        return _fail(f"out of memory; try a smaller --batch-size or --n ({error})", FAILED)


def _run(words: Sequence[str]) -> int:
    parsed = parser(words).parse_args(words)
    status: int = parsed.command(parsed)
    return status


def _together(words: Sequence[str]) -> int:
    """Run the command as one of several processes, or alone if the launcher has started one."""
    from gans.trainer.ranks import ranks_here, together

    with together():
        if ranks_here().size > 1 and words[:1] != ["train"]:
            raise UserError("several processes can only train; start any other command without the launcher")
        return _run(words)


def _with_flags(message: str) -> str:
    if "`" not in message:
        return message
    from gans.cli.settings import with_flags  # all models, which most commands never import

    return with_flags(message)


def _flushed(status: int) -> int:
    """The status after both streams are flushed; if standard output's fails, the status of that error."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        forget(sys.stderr)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except OSError as error:
        forget(sys.stdout)
        if status:
            return status
        return BROKEN_PIPE if is_gone(error) else _fail(f"standard output: {error.strerror}", FAILED)


def _fail(message: str, status: int) -> int:
    say(f"gans: error: {message}", LONGEST_LINE)
    return status
