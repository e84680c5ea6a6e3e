"""``gans compare``."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gans.cli.files import check_folder_of
from gans.cli.settings import given_settings
from gans.cli.stages import stages
from gans.cli.tables import show
from gans.errors import UserError
from gans.files import write_json
from gans.messages import one_line
from gans.study.comparisons import CHANGES, Comparison, compare, models_of
from gans.study.comparisons.comparing import change_called, changes_of, check_model, compared_models
from gans.study.comparisons.comparison import COLUMNS, Row
from gans.study.comparisons.questions import titles_about

STANDARD_OUTPUT = Path("-")


def run(arguments: Namespace) -> int:
    """Compare a step with itself changed, or list the changes; the exit status."""
    if arguments.model is not None:
        check_model(arguments.model)
    if arguments.change is None:
        if arguments.json is not None:
            raise UserError("--json has no comparison to write; give a --change")
        show(_changes(arguments.model))
        return 0
    if arguments.model is None:
        models = ", ".join(models_of(change_called(arguments.change)))
        raise UserError(f"which model? --change {arguments.change} fits {models}")
    if arguments.json not in (None, STANDARD_OUTPUT):
        check_folder_of("--json", arguments.json)
    with stages("computing both variants"):
        comparison = compare(
            arguments.model,
            arguments.change,
            data=arguments.data,
            data_dir=arguments.data_dir,
            seed=arguments.seed,
            n=arguments.n,
            steps=arguments.steps,
            **given_settings(arguments, arguments.model),
        )
    _write(comparison, arguments.json)
    return 0


def _write(comparison: Comparison, target: Path | None) -> None:
    if target == STANDARD_OUTPUT:
        print(json.dumps(comparison.document(), indent=2, allow_nan=False))
    else:
        for line in _head(comparison):
            print(line)
        for step, verdict in comparison.verdicts.items():
            print(f"{step}{_losses(comparison, step)}: {verdict}")
            show(_table(comparison.of(step)))
            print()
        for title in titles_about(comparison.change.name):
            print(f"asked as: {title}")
    if target not in (None, STANDARD_OUTPUT):
        write_json(target, comparison.document())
        print(f"written to {one_line(target)}")
    sys.stdout.flush()


def _changes(model: str | None) -> Table:
    """A row for each change, or for each that fits ``model``."""
    every = compared_models()
    title = f"changes (all models: {', '.join(every)})" if model is None else f"changes that fit {model}"
    table = Table(title=Text(title), show_lines=True)
    table.add_column("--change", style="bold")
    table.add_column("what it changes")
    table.add_column("A and B")
    if model is None:
        table.add_column("models")
    for change in CHANGES.values() if model is None else changes_of(model):
        cells = [change.name, change.what, f"A: {change.a.words}\nB: {change.b.words}"]
        if model is None:
            models = models_of(change)
            cells.append("all" if models == every else ", ".join(models))
        table.add_row(*map(Text, cells))
    return table


def _head(comparison: Comparison) -> Iterator[str]:
    origin, change = comparison.origin, comparison.change
    after = f", after {origin['steps']:,} steps of training" if origin["steps"] else ""
    where = f"{one_line(origin['model'])} on {one_line(origin['data'])}, {origin['n']} samples{after}"
    yield f"{where}: {change.what}"
    yield f"A  {change.a.words}"
    yield f"B  {change.b.words}"
    yield ""
    yield from (f"  {line}" for line in change.difference)
    yield ""


def _losses(comparison: Comparison, step: str) -> str:
    """The step's losses in words; nothing where it has none."""
    both = comparison.losses().get(step)
    return "" if both is None else " (loss {:.6g} in A, {:.6g} in B)".format(*both)


def _table(rows: Sequence[Row]) -> Table:
    """A row for each gradient of one step."""
    table = Table()
    for name in COLUMNS[1:]:
        numeric = name.startswith("norm") or name in ("difference", "cosine")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=name == "gradient")
    for row in rows:
        table.add_row(*map(Text, row.cells()[1:]))
    return table
