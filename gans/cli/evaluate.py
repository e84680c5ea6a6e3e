"""``gans evaluate``."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from gans import api
from gans.cli.files import check_folder_of
from gans.cli.stages import stages
from gans.cli.tables import show
from gans.errors import UserError
from gans.files import write, write_json
from gans.messages import one_line
from gans.terminal import note
from gans.trainer import RunFolder

STANDARD_OUTPUT = Path("-")


def run(arguments: Namespace) -> int:
    """Measure samples of a run, write the figures as JSON and show them; the exit status."""
    if arguments.draws is not None and not arguments.bias_curve:
        raise UserError("--draws is of --bias-curve; give both, or leave it out")
    if arguments.truncation is not None and arguments.bias_curve:
        raise UserError("--bias-curve is of samples of all z; leave --truncation out")
    folder = RunFolder(arguments.folder)
    target = arguments.json or (folder.bias if arguments.bias_curve else folder.evaluation)
    if target != STANDARD_OUTPUT and (arguments.folder.is_dir() or arguments.json is not None):
        check_folder_of("--json", target)
    evaluated = api.load(arguments.folder, arguments.device or "cpu", checkpoint=arguments.checkpoint)
    try:
        return (_bias if arguments.bias_curve else _figures)(arguments, evaluated, target)
    except api.UnmeasurableError as error:
        raise UserError(f"{error}; --n sets the number of samples") from error


def _figures(arguments: Namespace, evaluated: api.Run, target: Path) -> int:
    with stages("loading the data") as progress:
        figures = api.evaluate(
            evaluated, progress=progress, truncation=arguments.truncation, **_given(arguments)
        )
    origin, title, bound = _origin(arguments, evaluated), _title(arguments, evaluated), arguments.truncation
    if bound is not None:
        origin["truncation"], title = bound, f"{title}, z truncated to {bound:g}"
    document = {**origin, **figures, "sample_sizes": figures.sizes}
    _write(target, document, _table(figures, title))
    for remark in figures.remarks():
        note(remark)
    return 0


def _bias(arguments: Namespace, evaluated: api.Run, target: Path) -> int:
    picture = target.with_suffix(".png")
    if target != STANDARD_OUTPUT:
        check_folder_of("--json", picture)
    draws = {} if arguments.draws is None else {"draws": arguments.draws}
    with stages("loading the data") as progress:
        curve = api.bias_curve(evaluated, progress=progress, **_given(arguments), **draws)
    if target != STANDARD_OUTPUT:
        write(picture, curve.png())
    document = {**_origin(arguments, evaluated), **curve.document()}
    _write(target, document, _bias_table(curve, _title(arguments, evaluated)))
    return 0


def _given(arguments: Namespace) -> dict[str, Any]:
    """The arguments that figures and their bias have in common, by the names of ``gans.api``."""
    names = ("n", "seed", "data_dir", "average")
    return {name: getattr(arguments, name) for name in names}


def _origin(arguments: Namespace, evaluated: api.Run) -> dict[str, Any]:
    """Where the samples are from."""
    config = evaluated.config
    return {
        "model": config.model,
        "data": config.data,
        "checkpoint": evaluated.checkpoint,
        "step": evaluated.step,
        "seed": arguments.seed,
        "weights": evaluated.weights(arguments.average) or "last weights",
    }


def _title(arguments: Namespace, evaluated: api.Run) -> str:
    weights = f", {words}" if (words := evaluated.weights(arguments.average)) else ""
    return f"{evaluated.config.title}, step {evaluated.step:,}{weights}"


def _write(target: Path, document: dict[str, Any], table: Table) -> None:
    if target == STANDARD_OUTPUT:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        write_json(target, document)
        show(table)
        print(f"written to {one_line(target)}")
    sys.stdout.flush()


def _bias_table(curve: api.BiasCurve, title: str) -> Table:
    """Two rows for each figure, of samples and of real data: mean and deviation at each size."""
    table = Table(title=Text(f"{title}: mean and standard deviation of {curve.draws} draws"))
    table.add_column("figure")
    for size in curve.sizes:
        table.add_column(f"{size:,}", justify="right")
    if curve.infinity:
        table.add_column("infinitely many", justify="right")
    for name, spread in curve.samples.items():
        rows = [(name, spread, name)]
        if name in curve.real:
            rows.append((f"real {name}", curve.real[name], f"{name}_floor"))
        for words, of, at in rows:
            cells = [f"{mean:.3g} ± {std:.1g}" for mean, std in zip(of.mean, of.std, strict=True)]
            beyond = [f"{curve.infinity[at]:.3g}"] if at in curve.infinity else []
            table.add_row(words.replace("_", " "), *cells, *beyond)
    return table


def _table(figures: api.Evaluation, title: str) -> Table:
    """A row for each figure; what real data score in the samples' place stands beside it, and the size."""
    table = Table(title=Text(title))
    table.add_column("figure")
    table.add_column("samples", justify="right")
    table.add_column("real data", justify="right")
    table.add_column("better")
    table.add_column("over", justify="right")
    table.add_column("what it is", style="dim")
    for row in figures.rows():
        table.add_row(*map(Text, row))
    return table
