"""``gans evaluate``."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gans import api
from gans.cli.files import check_folder_of
from gans.cli.stages import stages
from gans.cli.tables import show
from gans.errors import UserError
from gans.files import write_json
from gans.messages import one_line
from gans.terminal import note
from gans.trainer import RunFolder

STANDARD_OUTPUT = Path("-")


def run(arguments: Namespace) -> int:
    """Measure samples of a run, write the figures as JSON and show them; the exit status."""
    target = arguments.json or RunFolder(arguments.folder).evaluation
    if target != STANDARD_OUTPUT and (arguments.folder.is_dir() or arguments.json is not None):
        check_folder_of("--json", target)
    evaluated = api.load(arguments.folder, arguments.device or "cpu", checkpoint=arguments.checkpoint)
    try:
        with stages("loading the data") as progress:
            figures = api.evaluate(
                evaluated,
                arguments.n,
                arguments.seed,
                data_dir=arguments.data_dir,
                progress=progress,
                average=arguments.average,
            )
    except api.UnmeasurableError as error:
        raise UserError(f"{error}; --n sets the number of samples") from error
    config = evaluated.config
    document = {
        "model": config.model,
        "data": config.data,
        "checkpoint": evaluated.checkpoint,
        "step": evaluated.step,
        "seed": arguments.seed,
        "weights": evaluated.weights(arguments.average) or "last weights",
        **figures,
        "sample_sizes": figures.sizes,
    }
    if target == STANDARD_OUTPUT:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        write_json(target, document)
        weights = f", {words}" if (words := evaluated.weights(arguments.average)) else ""
        show(_table(figures, f"{config.title}, step {evaluated.step:,}{weights}"))
        print(f"written to {one_line(target)}")
    sys.stdout.flush()
    for remark in figures.remarks():
        note(remark)
    return 0


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
