"""What the commands that run many jobs share: where the jobs run, their lines, and how to go on."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace

from gans.errors import UserError
from gans.jobs import JobExecutor
from gans.messages import one_line

__all__ = ["again", "executor_of", "progress"]


def executor_of(arguments: Namespace) -> JobExecutor:
    """Where the command line says that jobs run.

    Raises UserError for an executor or an option that there is not, or that lacks its package.
    """
    options = {}
    for text in arguments.executor_option:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UserError(f"--executor-option: {one_line(repr(text), 40)} is not NAME=VALUE")
        options[name] = value
    where = JobExecutor(arguments.executor, arguments.jobs, options)
    where.check()
    return where


def progress(line: str) -> None:
    """Show a line of a job."""
    print(one_line(line), flush=True)


def again() -> str:
    """The command that goes on."""
    return shlex.join(["python", "-m", "gans", *sys.argv[1:]])
