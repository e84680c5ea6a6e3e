"""``gans sweep``."""

from __future__ import annotations

import shlex
import signal
from argparse import Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from gans import sweeps
from gans.cli.executing import executor_of, progress
from gans.cli.settings import given_settings
from gans.cli.tables import show
from gans.configfile import read_config
from gans.errors import UserError
from gans.jobs import StoppedError
from gans.messages import one_line
from gans.sweeps import Sweep
from gans.terminal import say
from gans.trainer import Schedule, StopOnSignal

BESIDE = ("data", "data_dir", "epochs", "steps", "device", *Schedule._fields)
"""The flags for all runs, beside the model's settings."""


def run(arguments: Namespace) -> int:
    """Run a sweep as far as it is not done; the exit status."""
    where = executor_of(arguments)
    sweep = _resumed(arguments) if arguments.resume else _planned(arguments)
    left, folder = len(sweep.due()), one_line(sweep.path)
    title, runs = sweep.document.title, len(sweep.document.runs)
    print(f"sweep of {title} in {folder}: {left} of {runs} runs are left", flush=True)
    with StopOnSignal() as stopped:
        try:
            for number, job in enumerate(sweeps.run(sweep, where, stopped, progress), start=1):
                progress(f"{job.title}: {sweep.said(job)}; {number} of {left}")
        except StoppedError as error:
            again = f"python -m gans sweep --resume {shlex.quote(str(sweep.path))}"
            say(f"stopped and saved; this command does what is left: {again}", 5_000)
            return 128 + (stopped.signal or error.signal or signal.SIGTERM)
    show(_table(sweep))
    files = [sweep.place.table, sweep.place.csv, sweep.place.picture, sweep.place.curves]
    print(f"written to {folder}: {', '.join(path.name for path in files if path.exists())}")
    return 0


def _planned(arguments: Namespace) -> Sweep:
    model = arguments.model
    if model is None and arguments.config is not None:
        model = read_config(arguments.config).get("model")
    if model is None:
        raise UserError("which MODEL? For example: gans sweep dcgan --set lr=1e-4,2e-4 (see `gans list`)")
    given = {**_given(arguments), **given_settings(arguments, model), "model": model}
    seeds = None if arguments.seeds is None else sweeps.seeds_in(arguments.seeds)
    grid = sweeps.grid_of(model, arguments.grid or ())
    return sweeps.planned(given, grid, seeds, arguments.out, arguments.figure, arguments.config)


def _given(arguments: Namespace) -> dict[str, Any]:
    """The options for all runs that the command line gives."""
    given = {name: getattr(arguments, name) for name in BESIDE if getattr(arguments, name) is not None}
    return given if arguments.capture else {**given, "capture": False}


def _resumed(arguments: Namespace) -> Sweep:
    sweep = sweeps.opened(arguments.resume, arguments.figure)
    others = {name: getattr(arguments, name) for name in ("model", "config", "grid", "seeds")}
    given = {**_given(arguments), **given_settings(arguments, sweep.document.options["model"])}
    for name, value in {**others, **given}.items():
        if value is not None:
            what = "MODEL" if name == "model" else f"`{name}`"
            raise UserError(
                f"--resume goes on with the sweep as it was begun; leave {what} out, or give all with --out"
            )
    return sweep


def _table(sweep: Sweep) -> Table:
    head, rows = sweep.table()
    table = Table(title=Text(f"sweep of {sweep.document.title}, best first"))
    for words in head:
        table.add_column(words, justify="right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
