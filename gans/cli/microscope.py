"""``gans microscope``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from gans.cli.files import check_folder_of
from gans.cli.settings import given_settings
from gans.cli.stages import stages
from gans.errors import UserError
from gans.messages import one_line
from gans.study.microscope import Microscope, microscope
from gans.terminal import note


def run(arguments: Namespace) -> int:
    """Write the page of a step; the exit status, 1 if a gradient differs from its finite difference."""
    what = arguments.what
    of_run = (Path(what) / "config.json").exists()
    out: Path = arguments.out or Path(f"{Path(what).stem}-step.html")
    if out.suffix != ".html":
        raise UserError(f"--out {out}: the page's name must end in .html")
    check_folder_of("--out", out)
    settings = _settings_of_run(arguments) if of_run else given_settings(arguments, what)
    with stages("loading the data") as progress:
        made = microscope(
            what,
            arguments.data,
            step=arguments.step,
            seed=arguments.seed,
            data_dir=arguments.data_dir,
            verify=arguments.verify,
            unfold=arguments.unfold,
            progress=progress,
            **settings,
        )
    made.save(out)
    print(f"{one_line(out)}: {made.step.title}, step {made.step.number:,} of {made.step.source}")
    return _verdict(made) if arguments.verify else 0


def _settings_of_run(arguments: Namespace) -> dict[str, Any]:
    """The settings that the command line gives beside a run, which ``microscope`` refuses by name."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    own = ("command", "data", "data_dir", "out", "parser", "seed", "step", "unfold", "verify", "what")
    return {name: value for name, value in given.items() if name not in own}


def _verdict(made: Microscope) -> int:
    print(made.verdict)
    if not made.agrees:
        note("an error above 1e-6 is a wrong gradient, or a kink of an op beside the point")
    return 0 if made.agrees else 1
