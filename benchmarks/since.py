"""This tree against another revision of it, in turn A B A B: rows that became slower or faster."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import agreement, changes, kernels, steps, table
from benchmarks.faults import Faults
from benchmarks.measuring import Panel, measure
from benchmarks.rivals import Remote
from gans.cli.numbers import positive
from gans.errors import UserError

ROOT = Path(__file__).parents[1]

PACKAGES = ("minigrad", "gans")
"""What is taken of the other revision; these benchmarks measure both."""

NOW = "now"

TURNS = 9


def add_parser(commands: Any) -> None:
    """The ``since`` command."""
    parser = commands.add_parser("since", help=__doc__)
    parser.add_argument("revision", help="of git, such as HEAD~1, main or v1.0")
    chosen = parser.add_subparsers(metavar="{kernels,steps}", help="without one, the default rows of `steps`")
    for name, command in (("kernels", kernels), ("steps", steps)):
        added = chosen.add_parser(name, help=f"the rows of `{name}`")
        command.add_choice(added)
        added.add_argument("--turns", type=positive, default=TURNS, help="turns of each (%(default)s)")
        changes.add_beyond(added)
        added.set_defaults(tasks=TASKS[name])
    defaults = {"tasks": TASKS["steps"], "turns": TURNS, "beyond": changes.BEYOND}
    parser.set_defaults(run=run, only=None, batch=None, image=None, all=False, **defaults)


TASKS = {
    "kernels": lambda arguments: [
        (case, agreement.kernels) for case in kernels.select(arguments.only, arguments.batch, arguments.shape)
    ],
    "steps": lambda arguments: [
        (step, partial(agreement.steps, slack=step.slack)) for step in steps.chosen(arguments)
    ],
}
"""The tasks that the options choose, each with what compares its results."""


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit status is 1 if a row became slower or failed."""
    tasks, found, faults = arguments.tasks(arguments), [], Faults()
    with tempfile.TemporaryDirectory() as folder:
        extract(arguments.revision, Path(folder))
        with both(arguments.revision, Path(folder)) as panel:
            for task, agree in tasks:
                with faults.of(task.name):
                    turns = measure(task, panel, arguments.turns, partial(agree, task.name))["turns"]
                    found.append(changes.in_turn(task.name, turns[arguments.revision], turns[NOW]))
                    print(f"{task.name}: {found[-1].ratio.median:.3f}", file=sys.stderr, flush=True)
    status = changes.report(found, (arguments.revision, NOW), arguments.beyond, table.console())
    return 1 if status or faults else 0


def extract(revision: str, folder: Path) -> None:
    """Write the packages of a revision into a folder. Raises UserError if git has no such revision."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", revision, *PACKAGES]
    try:
        made = subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise UserError(f"since {revision}: git is not installed") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode().strip().splitlines()[-1:]
        raise UserError(f"since {revision}: git gives no such revision: {' '.join(reason)}") from None
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        archive.extractall(folder, filter="data")


@contextmanager
def both(revision: str, folder: Path) -> Iterator[Panel]:
    """minigrad of the folder and of this tree, and plain NumPy, whose results both must match."""
    with ExitStack() as stack:
        other = Remote("minigrad", label=revision, packages=folder)
        remotes = [other, Remote("minigrad", label=NOW), Remote("numpy")]
        before, now, judge = (stack.enter_context(closing(remote)) for remote in remotes)
        yield Panel([before, now], judge)
