"""The commands and their arguments.

A command's module is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from gans.cli import run_flags, study_flags, sweep_flags
from gans.cli.command import Parser

__all__ = ["parser"]

DESCRIPTION = "Train GANs on minigrad, look at what they make, and measure it."

EXAMPLES = """\
examples:
  gans train dcgan                             handwritten digits, into runs/dcgan-mnist5k
  gans train gan --data ring                   eight Gaussians in the plane
  gans train --resume runs/dcgan-mnist5k --epochs 50
  gans sample runs/dcgan-mnist5k --n 100 --out digits.png
"""


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole command line; its result has ``command``, a function of that result.

    With the ``arguments`` to come, ``gans train`` has the flags of the model that they name.
    """
    made = Parser(prog="gans", description=DESCRIPTION, epilog=EXAMPLES)
    made.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def add(name: str, summary: str, description: str) -> Parser:
        command: Parser = commands.add_parser(name, help=summary, description=description)
        command.set_defaults(command=_later(name), parser=command)
        return command

    run_flags.train(add("train", "train a model, or go on with a run", run_flags.TRAIN), arguments)
    run_flags.sample(
        add(
            "sample", "make images or points with a trained model", "Draw new samples from a run's generator."
        )
    )
    run_flags.evaluate(
        add("evaluate", "measure what a run's generator makes", "Measure samples of a run against its data.")
    )
    run_flags.plot(add("plot", "draw a picture of a trained model", run_flags.PLOT))
    run_flags.export(add("export", "write a generator for PyTorch", run_flags.EXPORT))
    study_flags.microscope(
        add("microscope", "show a training step with every gradient", study_flags.MICROSCOPE), arguments
    )
    study_flags.explain(add("explain", "show a step by hand beside minigrad's", study_flags.EXPLAIN))
    study_flags.reproduce(add("reproduce", "run a published experiment, and compare", study_flags.REPRODUCE))
    study_flags.compare(
        add("compare", "compute a step twice, with one thing changed", study_flags.COMPARE), arguments
    )
    study_flags.study(add("study", "measure what is said about GANs", study_flags.STUDY))
    study_flags.doctor(add("doctor", "name what is wrong with a run", study_flags.DOCTOR))
    sweep_flags.sweep(add("sweep", "train at each point of a grid of settings", sweep_flags.SWEEP), arguments)
    sweep_flags.compare_runs(add("compare-runs", "draw runs over each other", sweep_flags.COMPARE_RUNS))
    run_flags.resize(add("resize", "make pictures of one size, to train on", run_flags.RESIZE))
    add(
        "list",
        "show the models and data sets",
        "Show the models with their papers and settings, and the data sets.",
    )
    return made


def _later(name: str) -> Callable[[argparse.Namespace], int]:
    def command(arguments: argparse.Namespace) -> int:
        status: int = import_module(f"gans.cli.{name.replace('-', '_')}").run(arguments)
        return status

    return command


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from minigrad import __version__

        print(f"minigrad-gans {__version__}")
        parser.exit()
