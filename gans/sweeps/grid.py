"""The grid of a sweep: values of settings, in all combinations, each with every seed."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from gans.errors import UserError
from gans.messages import one_line
from gans.systems import find
from gans.systems.registry import check_names, settings_of
from gans.systems.settings import converted

__all__ = ["Point", "checked_grid", "folder_name", "grid_of", "points", "seeds_in", "shown", "words"]

Point: TypeAlias = dict[str, Any]
"""Values of the settings that a sweep changes, by name."""

MOST_JOBS = 100_000

LONGEST_NAME = 180
"""The most characters of a folder's name; file systems take 255 bytes."""


def grid_of(model: str, texts: Iterable[str]) -> dict[str, list[Any]]:
    """The grid that texts such as ``lr=1e-4,2e-4`` give, with the values as the model's settings read them.

    >>> grid_of("gan", ["lr=1e-4,2e-4", "batch-size=32"])
    {'lr': [0.0001, 0.0002], 'batch_size': [32]}

    Raises UserError for a setting that the model does not have, or a text that is no value of it.
    """
    own = settings_of(find(model))
    grid: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.replace("-", "_")
        if not (name and equals and values):
            raise UserError(
                f"`grid` {one_line(repr(text), 40)}: expected NAME=VALUE,VALUE, such as lr=1e-4,2e-4"
            )
        _check_name(model, name)
        if name in grid:
            raise UserError(f"`grid` {name} is given twice; put all of its values behind one")
        grid[name] = [own[name].parsed(value) for value in values.split(",")]
    return grid


def checked_grid(model: str, grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``grid`` with values of the settings' types. Raises UserError as ``grid_of``."""
    preset = type(next(iter(find(model).presets.values())))
    checked: dict[str, list[Any]] = {}
    for name, values in grid.items():
        _check_name(model, name)
        if not isinstance(values, list | tuple) or not values:
            raise UserError(f"`grid` {name}: expected a list of values, got {one_line(repr(values), 40)}")
        checked[name] = [converted(preset, {name: value})[name] for value in values]
        if len({repr(value) for value in checked[name]}) < len(checked[name]):
            raise UserError(f"`grid` {name}: a value stands there twice")
    return checked


def _check_name(model: str, name: str) -> None:
    if name in ("seed", "seeds"):
        raise UserError("a seed is no setting of `grid`: give `seeds`")
    check_names(model, type(next(iter(find(model).presets.values()))), [name])


def points(grid: Mapping[str, Sequence[Any]]) -> list[Point]:
    """All combinations, of which the last setting changes fastest; one without settings for an empty grid.

    >>> points({"lr": [1, 2], "width": [8, 16]})[:3]
    [{'lr': 1, 'width': 8}, {'lr': 1, 'width': 16}, {'lr': 2, 'width': 8}]
    """
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def seeds_in(text: str) -> list[int]:
    """The seeds of a text, single ones and ranges that have both ends.

    >>> seeds_in("0-3,7")
    [0, 1, 2, 3, 7]

    Raises UserError for a text of another form, or a seed twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", part.strip())
        if found is None:
            raise UserError(f"`seeds` {one_line(repr(text), 40)}: expected seeds such as 0-9 or 0,3,7")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first or last - first >= MOST_JOBS:
            raise UserError(
                f"`seeds` {part.strip()}: expected the lower one first, and at most {MOST_JOBS:,}"
            )
        seeds += range(first, last + 1)
    return seeds


def folder_name(point: Point, seed: int) -> str:
    """The name of a run's folder: readable, and the same for any order of the settings.

    >>> folder_name({"lr": 1e-4, "batch_size": 32}, 3)
    'batch_size=32_lr=0.0001_seed=3'
    """
    whole = "_".join(f"{name}={shown(point[name])}" for name in sorted(point))
    plain = re.sub(r"[^A-Za-z0-9_=.+-]", "-", whole)
    if plain != whole or len(plain) > LONGEST_NAME:
        plain = f"{plain[:LONGEST_NAME]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return "_".join(filter(None, [plain, f"seed={seed}"]))


def shown(value: Any) -> str:
    """A value as the command line takes it; of a number all digits.

    >>> shown(1e-4), shown(True), shown("adam")
    ('0.0001', 'true', 'adam')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def words(point: Point) -> str:
    """A point in words.

    >>> words({"lr": 1e-4, "batch_size": 32}), words({})
    ('lr 0.0001, batch size 32', 'as given')
    """
    return (
        ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in point.items()) or "as given"
    )
