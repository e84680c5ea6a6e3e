"""A sweep as its folder has it: its rows, best first, its pictures, and the runs that are left."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import fmean
from typing import Any

from gans import plots
from gans.errors import UserError
from gans.evaluation import figures_of
from gans.files import read, write
from gans.html import inline_png
from gans.messages import one_line
from gans.metrics import Meaning
from gans.preparing import prepare
from gans.sweeps.document import Member, Place
from gans.sweeps.grid import words
from gans.sweeps.job import Result, SweepJob, result_in
from gans.sweeps.table import Row, cells_of, page, rows_of, runs_as_csv
from gans.systems import find
from gans.trainer import RunFolder, read_metrics

__all__ = ["Sweep", "checked_figure"]

MOST_PICTURE_BYTES = 2**26


class Sweep:
    """A sweep as its folder has it: its rows, best first, and what each run gave."""

    def __init__(self, path: Path, figure: str | None = None) -> None:
        self.path = path
        self.place = Place(path)
        self.document = self.place.document()
        first = prepare(**self.options(self.document.runs[0]))
        self._meanings = figures_of(find(first.config.model), first.data)
        if figure is not None:
            self.document.figure = checked_figure(figure, self._meanings, first.config.title)
        self.results = self._results()

    @property
    def figure(self) -> str:
        """The name of the figure that ranks."""
        return self.document.figure

    @property
    def meaning(self) -> Meaning:
        """The figure in words, and which way is better."""
        return self._meanings[self.figure]

    @property
    def rows(self) -> list[Row]:
        """A row for each point of the grid, best first."""
        return rows_of(self.document, self.results, self.meaning)

    def options(self, member: Member) -> dict[str, Any]:
        """A run's options, as ``gans.train`` takes them."""
        return {**self.document.options, **member.settings, "seed": member.seed}

    def due(self) -> list[SweepJob]:
        """The runs that are not at their ends: the first seed of each point first."""
        left = [member for member in self.document.runs if member.name not in self.results]
        order = sorted(left, key=lambda member: _turn(self.document.runs, member))
        return [SweepJob(self.place.run(member).absolute(), self.options(member)) for member in order]

    def said(self, job: SweepJob) -> str:
        """What a run that is at its end gave, in words."""
        result = result_in(job.folder)
        if result is None:
            return "not at its end"
        if result.diverged:
            return f"diverged ({result.diverged})"
        value = result.figures.get(self.figure)
        return f"{self.figure.replace('_', ' ')} {'-' if value is None else format(value, '.4g')}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The head and the rows as texts."""
        return cells_of(self.document, self.rows, self.meaning.better)

    def write(self) -> None:
        """Write the table, the line of each run, and the pictures into the folder, as the runs are now."""
        self.results = self._results()
        pictures = []
        for path, content in ((self.place.picture, self._picture()), (self.place.curves, self._curves())):
            if content is not None:
                write(path, content)
                pictures.append(path.name)
        write(self.place.table, page(self.document, self.rows, self.meaning.better, pictures).encode())
        write(self.place.csv, runs_as_csv(self.document, self.results).encode())

    def _results(self) -> dict[str, Result]:
        found = {member.name: result_in(self.place.run(member)) for member in self.document.runs}
        return {name: result for name, result in found.items() if result is not None}

    def _picture(self) -> bytes | None:
        """The figure against each setting; None without a swept setting or a figure."""
        spots = [plots.Spot(row.settings, list(row.values.values()), row.low, row.high) for row in self.rows]
        swept = [
            name for name in self.document.swept if len({repr(spot.settings[name]) for spot in spots}) > 1
        ]
        if not swept or not any(spot.values for spot in spots):
            return None
        return plots.settings_figure(
            spots, swept, self.figure.replace("_", " "), f"Sweep of {self.document.title}"
        )

    def _curves(self) -> bytes | None:
        """The figure over the steps, of the best points; None if no run was measured meanwhile."""
        curves = {}
        for row in self.rows[: plots.MOST_LINES]:
            series = self._series(row)
            if series is not None:
                curves[words(row.settings)] = series
        if not curves:
            return None
        return plots.overlaid_curves({self.figure: curves}, f"Sweep of {self.document.title}")

    def _series(self, row: Row) -> plots.Series | None:
        """Each seed's figure at the steps at which all of them were measured, and the mean."""
        logs = []
        for member in self.document.runs:
            if self.document.point(member) == row.settings and member.seed in row.values:
                log = read_metrics(RunFolder(self.place.run(member)).evaluations)
                figures = {line["step"]: line.get(self.figure) for line in log}
                logs.append({step: float(value) for step, value in figures.items() if value is not None})
        steps = sorted(set.intersection(*map(set, logs))) if logs else []
        if not steps:
            return None
        parts = [[log[step] for step in steps] for log in logs]
        return plots.Series(steps, [fmean(values) for values in zip(*parts, strict=True)], parts)

    def __repr__(self) -> str:
        left = len(self.document.runs) - len(self.results)
        said = f"{len(self.document.runs)} runs" + (f", {left} left" if left else "")
        return f"Sweep({self.document.title}, {said}, by {self.figure})"

    def _repr_html_(self) -> str:
        head, cells = self.table()
        top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells
        )
        paths = [path for path in (self.place.picture, self.place.curves) if path.is_file()]
        shown = "".join(inline_png(read(path, MOST_PICTURE_BYTES), height=330) for path in paths)
        where = f"<p><code>{escape(repr(self))}</code> in <code>{escape(str(self.path))}</code></p>"
        return f"{where}<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>{shown}"


def _turn(runs: Sequence[Member], member: Member) -> int:
    """How many runs of the same point come before."""
    same = [one for one in runs if one.settings == member.settings]
    return same.index(member)


def checked_figure(name: str, meanings: Mapping[str, Meaning], title: str) -> str:
    """``name``. Raises UserError if no figure of samples is called so, or says which one is better."""
    if name not in meanings:
        near = difflib.get_close_matches(name, meanings, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(meanings)}"
        raise UserError(f"no `figure` of {title} is called {one_line(repr(name), 40)}; {hint}")
    return name
