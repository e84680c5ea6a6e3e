"""The flags of a model's hyper-parameters: one for each of its settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gans.systems import SYSTEMS, find
from gans.systems.registry import settings_of
from gans.systems.settings import Option

__all__ = ["add_flags", "given_settings", "model_in", "with_flags"]

OTHERS = (
    "average",
    "axes",
    "change",
    "checkpoint",
    "classes",
    "config",
    "data",
    "data_dir",
    "device",
    "draws",
    "epochs",
    "evaluate_every",
    "executor",
    "figure",
    "frames",
    "grid",
    "jobs",
    "keep_best",
    "n",
    "nearest",
    "out",
    "path",
    "resume",
    "seed",
    "seeds",
    "share",
    "step",
    "sources",
    "steps",
    "styles",
    "truncation",
)
"""Arguments of ``gans.api`` that are flags too, apart from the settings."""

_FLAGS = {
    "classes": "--class",
    "grid": "--set",
    "styles": "--style",
    "sources": "--from",
    "average": "--no-average",
}
"""Flags that are not called like their arguments."""


def model_in(arguments: Sequence[str]) -> str | None:
    """The model that a command line names, without parsing it."""
    return next((word for word in arguments if word in SYSTEMS or ".py:" in word), None)


def add_flags(parser: argparse.ArgumentParser, model: str | None) -> None:
    """Add a flag for each setting: those of ``model`` with help, those of other models hidden.

    A flag that is not given is None, another one its text: only the settings of the model say what it means.
    """
    own = settings_of(find(model)) if model else {}
    known = {name: option for system in SYSTEMS.values() for name, option in settings_of(system).items()}
    title = f"hyper-parameters of {model}" if model else "hyper-parameters"
    note = (
        "those that are not given are as `gans list` shows"
        if model
        else "`gans train MODEL --help` shows them"
    )
    group = parser.add_argument_group(title, note)
    for name, option in {**known, **own}.items():
        shown = _help(option, model) if name in own else argparse.SUPPRESS
        group.add_argument(f"--{name.replace('_', '-')}", metavar=option.metavar, help=shown)


def _help(option: Option, model: str | None) -> str:
    presets = find(model).presets if model else {}
    values = {kind: getattr(preset, option.name) for kind, preset in presets.items()}
    if option.limits.only is not None:
        values = {kind: value for kind, value in values.items() if kind == option.limits.only}
    alike = len(set(map(repr, values.values()))) == 1
    words = [_in_words(value) if alike else f"{_in_words(value)} on {kind}" for kind, value in values.items()]
    said = "" if not words or words[0] == "" else f" (default {words[0] if alike else ', '.join(words)})"
    return (option.help + said).replace("%", "%%")


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def given_settings(arguments: argparse.Namespace, model: str) -> dict[str, Any]:
    """The settings that the command line gives, as values of those of ``model``; others stay texts.

    Raises UserError for a text that is no value of its setting.
    """
    own = settings_of(find(model))
    known = dict.fromkeys(name for system in SYSTEMS.values() for name in settings_of(system))
    given: Mapping[str, Any] = vars(arguments)
    texts = {name: given[name] for name in {**own, **known} if given.get(name) is not None}
    return {name: own[name].parsed(text) if name in own else text for name, text in texts.items()}


def with_flags(message: str) -> str:
    """``message`` of the library with its arguments' names as the flags of the command line.

    >>> with_flags("try a lower `lr` or `batch_size` (see `gans list`)")
    'try a lower --lr or --batch-size (see `gans list`)'
    """
    return re.sub(r"`([a-z0-9_]+)`", _flag, message)


def _flag(quoted: re.Match[str]) -> str:
    name = quoted[1]
    known = {name for system in SYSTEMS.values() for name in settings_of(system)}
    if name in _FLAGS:
        return _FLAGS[name]
    return f"--{name.replace('_', '-')}" if name in known or name in OTHERS else quoted[0]
