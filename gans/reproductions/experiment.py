"""What a reproduction is: rows of a published table, and the function that runs one trial of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gans.reproductions.trial import Trial

__all__ = ["Experiment", "Figure", "Published", "Row"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Published(NamedTuple):
    """A figure as its paper prints it; ``spread`` is None if the paper gives none."""

    value: float
    spread: float | None = None


class Figure(NamedTuple):
    """A column of the table: its words, and the decimal places that it is printed with.

    The spread of our figure is the standard error over the trials. With ``spread`` it is the mean of another
    figure of the trials instead, such as a standard error over test images.
    """

    words: str
    digits: int = 2
    spread: str = ""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    ``trial`` runs one trial and returns its figures by name. ``steps`` is the published length, 0 if it
    cannot be scaled; a scaled trial runs a share, at least ``least`` steps. ``minutes`` is about what a trial
    of full length takes on one core. ``settings`` are those that not all rows have in common.
    """

    label: str
    trial: Callable[[Trial], Mapping[str, float | None]]
    published: Mapping[str, Published] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0
    least: int = 1
    minutes: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A published experiment: its settings and rows, and where its figures stand.

    ``protocol`` says in a sentence or two what is measured, ``source`` where the published figures were read,
    ``spread`` what their spread is. ``trials`` is the published number of trials.

    Raises ValueError if a row's name is no plain word, or a row has a figure that the table lacks.
    """

    title: str
    paper: str
    protocol: str
    source: str
    figures: Mapping[str, Figure]
    rows: Mapping[str, Row]
    settings: Mapping[str, Any] = field(default_factory=dict)
    spread: str = "standard error of the trials"
    trials: int = 1

    def __post_init__(self) -> None:
        for name, row in self.rows.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"a row's name is lower-case words with hyphens between them, got {name!r}")
            further = row.published.keys() - self.figures.keys()
            if further:
                raise ValueError(f"row {name!r} has the figure {min(further)!r}, which the table lacks")

    def settings_of(self, row: str) -> dict[str, Any]:
        """All settings of a row."""
        return {**self.settings, **self.rows[row].settings}
