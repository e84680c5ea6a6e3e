"""Runs over each other: their curves in one picture, what differs in their settings, their last figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from gans import plots
from gans.errors import UserError
from gans.files import decode, read, reading
from gans.html import inline_png
from gans.metrics import MEANINGS
from gans.sweeps.grid import shown
from gans.sweeps.job import result_in
from gans.trainer import RunConfig, RunFolder, read_metrics

__all__ = ["RunComparison", "compare"]

MOST_BYTES = 2**22

RANKING = {name for name, meaning in MEANINGS.items() if meaning.better}

MOST_FIGURES = 9
"""The most panels of figures."""


class RunComparison:
    """Runs over each other, by short names.

    ``settings`` has what differs: for each name the value of each run. ``figures`` has the last losses and
    outputs of D, and the last figures of samples that were measured, in the same way; None where a run has
    none.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.paths = dict(paths)
        configs = {run: RunConfig.read(path) for run, path in paths.items()}
        self._records = {run: read_metrics(RunFolder(path).metrics) for run, path in paths.items()}
        self._evaluations = {run: read_metrics(RunFolder(path).evaluations) for run, path in paths.items()}
        fields = {run: _fields(config) for run, config in configs.items()}
        names = dict.fromkeys(name for own in fields.values() for name in own)
        table = {name: [own.get(name) for own in fields.values()] for name in names}
        self.settings = {name: row for name, row in table.items() if len(set(map(repr, row))) > 1}
        self.figures = self._last()

    @cached_property
    def panels(self) -> dict[str, dict[str, plots.Series]]:
        """The curves of each run: losses and outputs of D, and the figures that were measured meanwhile."""
        logs = [(name, self._records) for name in _columns(self._records) if name.startswith(("loss", "d_"))]
        measured = [
            name for name in _columns(self._evaluations) if name in MEANINGS and MEANINGS[name].better
        ]
        logs += [(name, self._evaluations) for name in measured[:MOST_FIGURES]]
        panels = {name: {run: _series(log[run], name) for run in log} for name, log in logs}
        return {
            name: {run: series for run, series in curves.items() if len(series.steps)}
            for name, curves in panels.items()
        }

    def png(self) -> bytes:
        """The picture. Raises UserError if no run has a step."""
        if not self.panels:
            raise UserError("none of the runs has a step yet: there is nothing to draw")
        return plots.overlaid_curves(self.panels, "Runs over each other", smoothed=_columns(self._records))

    def document(self) -> dict[str, Any]:
        """All of it as JSON keeps it."""
        runs = list(self.paths)
        return {
            "runs": {run: str(path) for run, path in self.paths.items()},
            "settings": {name: dict(zip(runs, row, strict=True)) for name, row in self.settings.items()},
            "figures": {name: dict(zip(runs, row, strict=True)) for name, row in self.figures.items()},
        }

    def rows(self) -> list[list[str]]:
        """What differs, then the last figures: each with the cells of all runs."""
        settings = [[name.replace("_", " "), *map(_cell, row)] for name, row in self.settings.items()]
        return settings + [[name.replace("_", " "), *map(_cell, row)] for name, row in self.figures.items()]

    def _last(self) -> dict[str, list[Any]]:
        last = {run: {**_numbers(self._records[run][-1:]), **self._measured(run)} for run in self.paths}
        names = dict.fromkeys(name for own in last.values() for name in own)
        return {name: [own.get(name) for own in last.values()] for name in names}

    def _measured(self, run: str) -> dict[str, float]:
        """The last figures of the run's samples: of its evaluations, of ``gans evaluate``, or of a sweep."""
        folder = RunFolder(self.paths[run])
        if self._evaluations[run]:
            return _numbers(self._evaluations[run][-1:], MEANINGS)
        if folder.evaluation.is_file():
            with reading(folder.evaluation, "delete it, or measure the run again"):
                return _numbers([decode(read(folder.evaluation, MOST_BYTES), dict[str, Any])], MEANINGS)
        result = result_in(self.paths[run])
        return {} if result is None else _numbers([result.figures], MEANINGS)

    def __repr__(self) -> str:
        return f"RunComparison({', '.join(self.paths)})"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in ("", *self.paths))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows()
        )
        picture = inline_png(self.png(), height=500) if self.panels else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{picture}"


def compare(paths: Sequence[Path]) -> RunComparison:
    """The runs in these folders over each other.

    Raises UserError for fewer than two or more than eight of them, the same one twice, or a folder without a
    run.
    """
    if not 2 <= len(paths) <= plots.MOST_LINES:
        raise UserError(f"runs are compared two to {plots.MOST_LINES} at a time, got {len(paths)}")
    whole = [path.resolve() for path in paths]
    if twice := next((path for path, one in zip(paths, whole, strict=True) if whole.count(one) > 1), None):
        raise UserError(f"{twice} is given twice; give different runs")
    return RunComparison(dict(zip(_short(whole), paths, strict=True)))


def _short(paths: Sequence[Path]) -> list[str]:
    """The shortest ends of paths that differ."""
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return list(map(str, paths))


def _fields(config: RunConfig) -> dict[str, Any]:
    own = ("data", "seed", "steps", "epochs", "device")
    return {**asdict(config.settings), **{name: getattr(config, name) for name in own}}


def _columns(logs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    return list(dict.fromkeys(name for log in logs.values() for name in (log[0] if log else ())))


def _series(log: Iterable[Mapping[str, Any]], name: str) -> plots.Series:
    found = [(line["step"], line.get(name)) for line in log]
    pairs = [(step, value) for step, value in found if isinstance(value, int | float)]
    return plots.Series([step for step, _ in pairs], [value for _, value in pairs])


def _numbers(lines: Sequence[Mapping[str, Any]], known: Iterable[str] | None = None) -> dict[str, Any]:
    """The numbers of the only line, if there is one; of these names, unless all are meant."""
    names = None if known is None else set(known)
    return {
        name: value
        for line in lines
        for name, value in line.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (name not in ("epoch", "seconds") if names is None else name in names)
    }


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e5 else shown(value)
