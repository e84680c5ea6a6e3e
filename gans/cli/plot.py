"""``gans plot``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gans import api
from gans.cli.files import check_folder_of
from gans.cli.stages import stages
from gans.cli.tables import show
from gans.errors import UserError
from gans.messages import one_line
from gans.plotting import KINDS, check_png, kind_called, kinds_of

OPTIONS = ("n", "seed", "path", "frames", "axes", "classes", "nearest", "steps")


def run(arguments: Namespace) -> int:
    """Draw a picture of a run, or list the kinds that fit it; the exit status."""
    if arguments.kind is None:
        show(_kinds(_loaded(arguments)))
        return 0
    kind_called(arguments.kind)
    out: Path = arguments.out or arguments.folder / f"{arguments.kind}.png"
    if arguments.out is not None or arguments.folder.is_dir():
        try:
            check_png(out)
        except UserError as error:
            raise UserError(f"--out {error}") from error
        check_folder_of("--out", out)
    drawn = _loaded(arguments)
    with stages("drawing"):
        picture = api.plot(
            drawn,
            arguments.kind,
            data_dir=arguments.data_dir,
            average=arguments.average,
            **{name: getattr(arguments, name) for name in OPTIONS},
        )
    picture.save(out)
    print(f"{one_line(out)}: {arguments.kind} of {drawn.config.title} after step {drawn.step:,}")
    return 0


def _loaded(arguments: Namespace) -> api.Run:
    return api.load(arguments.folder, arguments.device or "cpu", checkpoint=arguments.checkpoint)


def _kinds(run: api.Run) -> Table:
    """A row for each kind that fits the run's system."""
    table = Table(title=Text(f"pictures of {run.config.title}: gans plot RUN KIND"))
    table.add_column("KIND", style="bold")
    table.add_column("what it shows")
    table.add_column("options")
    for name in kinds_of(run.system):
        options = " ".join("--class" if o == "classes" else f"--{o}" for o in KINDS[name].options)
        table.add_row(*map(Text, (name, KINDS[name].what, options)))
    return table
