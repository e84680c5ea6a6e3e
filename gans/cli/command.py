"""What the commands' parsers share: mistakes with a hint, and flags that several commands have."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from gans.cli.numbers import jobs
from gans.errors import UserError

__all__ = [
    "Parser",
    "add_checkpoint",
    "add_device",
    "add_executor",
    "add_settings",
    "add_weights",
    "meant",
]


class Parser(argparse.ArgumentParser):
    """Reports a mistake as a UserError, with the option that was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            command = parsed.parser if hasattr(parsed, "parser") else self
            hint = meant(unknown[0].split("=")[0], command, self)
            command.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return parsed

    @property
    def flags(self) -> list[str]:
        """The flags in their long form."""
        return [flag for flag in self._option_string_actions if flag.startswith("--")]


def meant(flag: str, command: Parser, whole: Parser) -> str:
    """A hint: the flag of ``command`` that is spelt almost like ``flag``, or a command that has it."""
    if flag == "--model":
        return "; the model has no flag: gans train dcgan"
    begun = [own for own in command.flags if flag.startswith(own)]
    near = begun or difflib.get_close_matches(flag.replace("_", "-"), command.flags, n=1, cutoff=0.75)
    if near:
        return f"; did you mean {near[0]}?"
    commands: dict[str, Parser] = next(
        (action.choices for action in whole._actions if isinstance(action, argparse._SubParsersAction)), {}
    )
    owners = [f"`gans {name}`" for name, other in commands.items() if flag in other.flags]
    return f"; it is a flag of {' and '.join(owners)}" if owners else ""


def add_settings(command: Parser, name: str, arguments: Sequence[str]) -> None:
    """The flags of the model's settings, if ``arguments`` are those of this command."""
    if arguments[:1] == [name] and not set(arguments[1:]) <= {"--help", "-h"}:
        settings = import_module("gans.cli.settings")
        settings.add_flags(command, settings.model_in(arguments[1:]))


def add_weights(command: Parser) -> None:
    add_checkpoint(command)
    command.add_argument(
        "--no-average",
        dest="average",
        action="store_false",
        help="take the last weights, not their average (of a run with --ema)",
    )


def add_checkpoint(command: Parser) -> None:
    command.add_argument(
        "--checkpoint",
        choices=("last", "best"),
        default="last",
        help="the last one (default), or the best (of a run with --keep-best)",
    )


def add_device(command: Parser, what: str) -> None:
    command.add_argument("--device", choices=("cpu", "cuda"), help=what)


def add_executor(command: argparse._ActionsContainer, job: str) -> None:
    """The flags of a command that runs jobs, each of which is ``job``."""
    command.add_argument(
        "--jobs",
        type=jobs,
        metavar="J",
        help=f"processes of one thread each, {job} at a time in each (default: this process alone)",
    )
    command.add_argument(
        "--executor",
        default="local",
        metavar="NAME",
        help="what runs them: local (default), slurm or dask",
    )
    command.add_argument(
        "--executor-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the executor, such as partition=gpu or scheduler=tcp://HOST:8786; repeat it",
    )
