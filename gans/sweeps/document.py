"""sweep.json: what the runs of a sweep have in common, and which runs it has; runs are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from gans.errors import UserError
from gans.files import decode, folded, read, reading, write
from gans.jobs import sole
from gans.messages import one_line
from gans.sweeps.grid import Point, folder_name
from gans.trainer import RunConfig

__all__ = ["Document", "Member", "Place", "add", "base_of"]

FORMAT = 1

MOST_BYTES = 2**26

_REMEDY = "put back a copy; the runs beside it are whole"

_FOLDED = 2
"""The level of the JSON's containers that are written in one line: a run is such a line."""

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class Member(msgspec.Struct, frozen=True):
    """A run of a sweep: its values of the settings that are swept, and its seed."""

    settings: Point
    seed: Annotated[int, msgspec.Meta(ge=0)]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return folder_name(self.settings, self.seed)


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A sweep: ``options`` are those of ``gans.train`` for all runs, ``base`` all that they stand for.

    ``figure`` is the name of the one that ranks.
    """

    format: Annotated[int, msgspec.Meta(ge=FORMAT, le=FORMAT)]
    title: Text
    options: dict[str, Any]
    base: dict[str, Any]
    figure: Text
    runs: list[Member]

    @property
    def swept(self) -> list[str]:
        """The settings that some run has a value of its own for."""
        return list(dict.fromkeys(name for member in self.runs for name in member.settings))

    def point(self, member: Member) -> Point:
        """The run's values of all settings that are swept; those of the base where it has none of its own."""
        return {name: member.settings.get(name, self.base.get(name)) for name in self.swept}


class Place(NamedTuple):
    """The folder of a sweep: where each file lies in it."""

    folder: Path

    @property
    def json(self) -> Path:
        return self.folder / "sweep.json"

    @property
    def table(self) -> Path:
        return self.folder / "sweep.md"

    @property
    def csv(self) -> Path:
        return self.folder / "sweep.csv"

    @property
    def picture(self) -> Path:
        return self.folder / "sweep.png"

    @property
    def curves(self) -> Path:
        return self.folder / "curves.png"

    def run(self, member: Member) -> Path:
        return self.folder / member.name

    def document(self) -> Document:
        """What the folder has. Raises UserError if it holds no sweep, or its sweep.json is damaged."""
        try:
            with reading(self.json, _REMEDY):
                return decode(read(self.json, MOST_BYTES), Document)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{self.folder}: no sweep there ({self.json.name} is missing)") from None


def base_of(config: RunConfig) -> dict[str, Any]:
    """All that decides the numbers of a sweep's runs, apart from their seeds and what is swept."""
    same = ("data", "data_digest", "device", "steps", "epochs", "evaluate_every", "keep_best")
    fields = {name: getattr(config, name) for name in same}
    return {**asdict(config.settings), **fields}


def add(place: Place, new: Document) -> Document:
    """Write ``new`` with the runs that the folder has already; returns all of it.

    Raises UserError if the folder has another base, holds other things, or is a file.
    """
    folder = place.folder
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: a file is in its place; give another `out`")
    if folder.is_dir() and not place.json.exists() and _foreign(folder):
        raise UserError(f"{folder} holds {_foreign(folder)}, and no sweep; give another `out`")
    with sole(folder, wait=True):
        if place.json.exists():
            before = place.document()
            _check_same(place, before.base, new.base)
            there = {member.name for member in before.runs}
            new.runs = [*before.runs, *(member for member in new.runs if member.name not in there)]
        write(place.json, folded(msgspec.to_builtins(new), _FOLDED))
    return new


def _foreign(folder: Path) -> str:
    """The first thing in the folder that is no lock; empty if there is none."""
    return one_line(min((path.name for path in folder.iterdir() if path.name != ".lock"), default=""), 60)


def _check_same(place: Place, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            what = f"`{name}` {one_line(before.get(name), 60)}, not {one_line(now.get(name), 60)}"
            raise UserError(f"the sweep in {place.folder} has {what}; leave it so, or give another `out`")
