"""Settings: the typed hyper-parameters of a system, with their help, ranges and conversions.

A system has a frozen dataclass of its own, from which flags, help, config.json and ``gans list`` are made:

    @dataclass(frozen=True, kw_only=True)
    class MySettings(Settings):
        lr: float = setting(2e-4, "learning rate of both networks", above=0)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from gans.data.spec import Kind
from gans.errors import UserError
from gans.messages import one_line

__all__ = ["Option", "Settings", "options_of", "setting"]

_KEY = "gans.setting"


class _Limits(NamedTuple):
    help: str
    least: float | None
    most: float | None
    above: float | None
    below: float | None
    only: Kind | None
    requires: tuple[str, ...] | None
    metavar: str | None


def setting(
    default: Any,
    help: str,  # noqa: A002  as in argparse
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    only: Kind | None = None,
    requires: tuple[str, ...] | None = None,
    metavar: str | None = None,
) -> Any:
    """A field of a ``Settings`` with its default and its one line of help.

    A number lies between ``least`` and ``most``, which it may reach, and between ``above`` and ``below``,
    which it may not. ``only`` is the one kind of data with which it has an effect; ``requires`` are other
    settings and the value that one of them needs to have, such as ``("optimizer", "adam")``. ``metavar``
    stands for the value in the help.
    """
    limits = _Limits(help, least, most, above, below, only, requires, metavar)
    return field(default=default, metadata={_KEY: limits})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides a run's numbers, apart from its data, seed and length.

    ``model`` is the system's name, or FILE.py:CLASS. ``networks`` is "FILE.py:FUNCTION" for networks of your
    own, made by a function in place of the system's ``networks``.
    """

    model: str = ""
    batch_size: int = setting(64, "samples in each update", least=1, most=2**20)
    ema: float = setting(
        0.0,
        "decay of an average of the weights, from which samples are made then; 0 for none",
        least=0,
        below=1,
    )
    networks: str = setting(
        "", "own networks: a function with the arguments of the model's own", metavar="FILE.py:FUNCTION"
    )

    def rates(self, step: int) -> dict[str, float]:
        """Learning rates after ``step`` steps, by the optimizers' attributes; the others keep theirs."""
        return {}

    def check(self) -> None:
        """Raise UserError for a value of the wrong type or out of its range."""
        for option in options_of(type(self)).values():
            option.check(getattr(self, option.name))


class Option(NamedTuple):
    """One setting: its name, type, default, help and range."""

    name: str
    type: type
    choices: tuple[str, ...] | None
    default: Any
    limits: _Limits

    @property
    def help(self) -> str:
        return self.limits.help

    def is_used(self, settings: Settings, kind: Kind) -> bool:
        """Whether it has an effect on data of ``kind``, beside the other ``settings``."""
        *others, value = self.limits.requires or (None,)
        fits = not others or any(getattr(settings, other) == value for other in others)
        return fits and self.limits.only in (None, kind)

    @property
    def metavar(self) -> str:
        """The placeholder of the value on the command line."""
        return self.limits.metavar or {int: "N", float: "NUMBER", str: "NAME"}.get(self.type, "VALUE")

    def parsed(self, text: str) -> Any:
        """The value that ``text`` stands for on the command line.

        Raises UserError if it is no value of the setting.
        """
        value: Any = text
        try:
            if self.type is bool:
                value = {"true": True, "false": False}[text.lower()]
            elif self.type is not str:
                value = self.type(text)
        except (ValueError, KeyError):
            raise UserError(f"`{self.name}`: {_shown(text)} is not {self.expected()}") from None
        if not self._is_plausible(value):
            raise UserError(f"`{self.name}`: {_shown(text)} is not {self.expected()}")
        return value

    def check(self, value: Any) -> None:
        """Raise UserError if ``value`` has the wrong type or lies out of the range."""
        if self.choices is not None:
            if value not in self.choices:
                raise UserError(
                    f"there is no `{self.name}` {_shown(value)} (choose from {', '.join(self.choices)})"
                )
        elif self.type is bool or self.type is str:
            if not isinstance(value, self.type):
                raise UserError(f"`{self.name}` must be {self.expected()}, got {one_line(repr(value), 40)}")
        elif self.type is int:
            self._check_integer(value)
        else:
            self._check_number(value)

    def _is_plausible(self, value: Any) -> bool:
        """Whether ``value`` is in the range, or so far above it that ``check`` has better words for it."""
        if self.choices is not None or self.type not in (int, float) or self._fits(value):
            return True
        return self.limits.most is not None and value > self.limits.most

    def expected(self) -> str:
        """The values that the setting takes, in words."""
        least, most, above, below = self.limits[1:5]
        if self.type is bool:
            return "true or false"
        if self.type is str:
            return "a text"
        if self.type is int:
            return "an integer" if least is None else f"an integer of at least {int(least)}"
        if least is not None and below is not None:
            return f"a number of at least {least:g} and below {below:g}"
        if least is not None and most is not None:
            return f"a number from {least:g} to {most:g}"
        if least is not None:
            return f"a number of at least {least:g}"
        return "a number" if above is None else f"a number above {above:g}"

    def _fits(self, value: float) -> bool:
        least, most, above, below = self.limits[1:5]
        return (
            (isinstance(value, int) or math.isfinite(value))
            and (least is None or value >= least)
            and (most is None or value <= most)
            and (above is None or value > above)
            and (below is None or value < below)
        )

    def _check_integer(self, value: Any) -> None:
        least, most = self.limits.least, self.limits.most
        if not isinstance(value, int) or isinstance(value, bool):
            raise UserError(f"`{self.name}` must be an integer, got {one_line(repr(value), 40)}")
        if not self._fits(value):
            low = least is not None and value < least
            bound = f"at least {int(least or 0)}" if low else f"at most {int(most or 0):,}"
            raise UserError(f"`{self.name}` must be {bound}, got {one_line(value, 40)}")

    def _check_number(self, value: Any) -> None:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise UserError(f"`{self.name}` must be a number, got {one_line(repr(value), 40)}") from None
        if not self._fits(number):
            raise UserError(f"`{self.name}` must be {self.expected()}, got {one_line(value, 40)}")


def _shown(value: object) -> str:
    return one_line(repr(value), 40)


_options: dict[type[Settings], dict[str, Option]] = {}


def options_of(settings: type[Settings]) -> dict[str, Option]:
    """The options of a class of settings, by name.

    Raises TypeError if a field has no default, or is not made with ``setting``.
    """
    if settings not in _options:
        _options[settings] = _read_options(settings)
    return _options[settings]


def _read_options(settings: type[Settings]) -> dict[str, Option]:
    hints = get_type_hints(settings)
    options = {}
    for one in dataclasses.fields(settings):
        if one.name == "model":
            continue
        if _KEY not in one.metadata:
            raise TypeError(
                f"{settings.__name__}.{one.name}: write `{one.name}: TYPE = setting(DEFAULT, HELP)`"
            )
        kind, choices = hints[one.name], None
        if get_origin(kind) is Literal:
            choices, kind = tuple(get_args(kind)), str
        if kind not in (bool, int, float, str):
            raise TypeError(
                f"{settings.__name__}.{one.name}: a setting is a bool, int, float, str or Literal"
            )
        options[one.name] = Option(one.name, kind, choices, one.default, one.metadata[_KEY])
    return options


_WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}


def converted(settings: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` of JSON or TOML as those of the settings: 1 for a float is 1.0.

    Raises UserError for a value of another type.
    """
    options = options_of(settings)
    return {name: _converted(options[name], value) for name, value in values.items()}


def _converted(option: Option, value: Any) -> Any:
    if option.type is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            value = str(value)
    if not isinstance(value, option.type) or (option.type is int and isinstance(value, bool)):
        shown = one_line(value if isinstance(value, str) and value.isdigit() else repr(value), 40)
        raise UserError(f"`{option.name}` must be {_WORDS[option.type]}, got {shown}")
    return value
