"""``gans reproduce``."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from statistics import fmean

from rich.table import Table
from rich.text import Text

from gans.cli.executing import again, executor_of, progress
from gans.cli.tables import show
from gans.errors import UserError
from gans.files import write
from gans.jobs import StoppedError, carry_out
from gans.messages import one_line
from gans.reproductions import (
    EXPERIMENTS,
    Document,
    Due,
    Experiment,
    Place,
    check_rows,
    due_trials,
    find,
    page,
    results_of,
    short_name,
    table_of,
)
from gans.reproductions.results import TrialResult, read_document
from gans.terminal import say
from gans.trainer import StopOnSignal

NOWHERE = Path()


def run(arguments: Namespace) -> int:
    """Run an experiment, or list them; the exit status."""
    place = Place(arguments.out or NOWHERE)
    if place.base.exists() and not place.base.is_dir():
        raise UserError(f"--out {place.base}: a file is in its place; give a folder")
    if arguments.experiment is None:
        show(_listed(place))
        return 0
    return _reproduce(arguments, place)


def _reproduce(arguments: Namespace, place: Place) -> int:
    name = arguments.experiment
    experiment = find(name)
    rows = arguments.rows or ()
    check_rows(name, rows, arguments.share)  # a mistake should leave no folder behind
    where = executor_of(arguments)
    document = results_of(name, place)
    share, command = arguments.share, _command(name, arguments.share)
    due = due_trials(name, document, place, arguments.trials, share, rows, arguments.data_dir, command)
    print(_plan(experiment, due, arguments.share), flush=True)
    with StopOnSignal() as stopped:
        try:
            runs = carry_out(due, where, place.runs, stopped, progress)
            for number, done in enumerate(runs, start=1):
                document = results_of(name, place)
                _write_page(place)
                print(f"{done.title}: {_said(document, done)}; {number} of {len(due)}", flush=True)
        except StoppedError:
            assert stopped.signal is not None
            say(f"stopped and saved; the same command goes on: {again()}", 5_000)
            return 128 + stopped.signal
    _write_page(place)
    show(_table(document))
    print(f"written to {one_line(place.json(short_name(name)))} and {one_line(place.table)}")
    return 0


def _command(name: str, share: float) -> str:
    """The command that a result keeps: its experiment and share."""
    return shlex.join(
        ["python", "-m", "gans", "reproduce", name, *(["--share", f"{share:g}"] if share < 1 else [])]
    )


def _plan(experiment: Experiment, due: list[Due], share: float) -> str:
    if not due:
        return "all of these trials are done; more with a higher --trials"
    minutes = share * sum(experiment.rows[trial.row].minutes for trial in due)
    return f"{len(due)} trial{'s' * (len(due) > 1)} to run, {_about(minutes)} on one core"


def _said(document: Document, done: Due) -> str:
    """The figures of a trial in words."""
    row = document.row(done.row, done.share)
    assert row is not None
    [result] = [trial for trial in row.trials if trial.seed == done.seed]
    if result.failed:
        return f"diverged ({result.failed})"
    figures = [
        f"{figure.words} {_number(result.figures.get(name), figure.digits)}"
        for name, figure in document.figures.items()
    ]
    return f"{', '.join(figures)} ({_minutes(result.minutes)})"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _write_page(place: Place) -> None:
    write(place.table, page(place.documents()).encode())


def _table(document: Document) -> Table:
    head, rows = table_of(document)
    table = Table(title=Text(document.title))
    for number, words in enumerate(head):
        table.add_column(words, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(Text(cell.replace("**", "")) for cell in row))
    return table


def _listed(place: Place) -> Table:
    """The experiments with their state: trials that are done, of those published, and minutes each."""
    table = Table(title="reproductions", show_lines=True)
    for words in ("experiment", "paper", "rows", "trials done", "minutes each"):
        table.add_column(words)
    for name, experiment in EXPERIMENTS.items():
        path = place.json(name)
        document = read_document(path) if path.exists() else None
        table.add_row(
            f"[bold]{name}[/bold]",
            f"{experiment.title}\n[dim]{experiment.paper}[/dim]",
            str(len(experiment.rows)),
            _state(experiment, document),
            _each(experiment, document),
        )
    return table


def _state(experiment: Experiment, document: Document | None) -> str:
    rows = document.rows if document else []
    full = sum(len(row.trials) for row in rows if row.share == 1)
    lines = [f"{full} of {experiment.trials * len(experiment.rows)}"]
    for share in sorted({row.share for row in rows if row.share < 1 and row.trials}):
        count = sum(len(row.trials) for row in rows if row.share == share)
        lines.append(f"{count} of {100 * share:.3g}% of the length")
    return "\n".join(lines)


def _each(experiment: Experiment, document: Document | None) -> str:
    """The mean of a trial's minutes as measured here, or about what to expect."""
    done: list[TrialResult] = [
        trial for row in (document.rows if document else []) if row.share == 1 for trial in row.trials
    ]
    if done:
        return _minutes(fmean(trial.minutes for trial in done))
    return _about(fmean(row.minutes for row in experiment.rows.values()))


def _about(minutes: float) -> str:
    return f"{'' if minutes < 1 else 'about '}{_minutes(minutes)}"


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours"
