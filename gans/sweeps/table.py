"""The table of a sweep: a row for each point of its grid, best first, with means over seeds and intervals."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from gans.intervals import interval
from gans.metrics import Meaning, cost
from gans.sweeps.document import Document, Member
from gans.sweeps.grid import Point, shown
from gans.sweeps.job import Result

__all__ = ["Row", "cells_of", "page", "rows_of", "runs_as_csv"]

Results = Mapping[str, Result]
"""What the runs gave that are at their ends, by their names."""


class Row(NamedTuple):
    """A point of the grid: its settings, and the figure of each seed that has one, by seed.

    ``mean`` is None without any, ``low`` and ``high`` are the ends of Student's 95% interval of it, None for
    one seed. ``finished``, ``diverged`` and ``left`` count the point's seeds; ``minutes`` is a run's mean.
    """

    settings: Point
    values: dict[int, float]
    mean: float | None
    low: float | None
    high: float | None
    finished: int
    diverged: int
    left: int
    minutes: float | None


def rows_of(document: Document, results: Results, meaning: Meaning) -> list[Row]:
    """The rows, best first by the mean of the document's figure; those without a figure stand last."""
    members: dict[str, list[Member]] = {}
    for member in document.runs:
        members.setdefault(repr(document.point(member)), []).append(member)
    ranked = []
    for same in members.values():
        row = _row(document, same, results)
        found = [results[member.name] for member in same if member.name in results]
        costs = [cost(result.figures, document.figure, meaning) for result in found if not result.diverged]
        known = [one for one in costs if one is not None]
        ranked.append((fmean(known) if known else math.inf, row))
    return [row for _, row in sorted(ranked, key=lambda pair: pair[0])]


def _row(document: Document, members: Sequence[Member], results: Results) -> Row:
    there = {member.seed: results[member.name] for member in members if member.name in results}
    finished = {seed: result for seed, result in sorted(there.items()) if not result.diverged}
    figures = {seed: result.figures.get(document.figure) for seed, result in finished.items()}
    values = {seed: float(figure) for seed, figure in figures.items() if figure is not None}
    low, high = interval(list(values.values())) if len(values) > 1 else (None, None)
    return Row(
        settings=document.point(members[0]),
        values=values,
        mean=fmean(values.values()) if values else None,
        low=low,
        high=high,
        finished=len(finished),
        diverged=len(there) - len(finished),
        left=len(members) - len(there),
        minutes=fmean(result.minutes for result in finished.values()) if finished else None,
    )


def cells_of(document: Document, rows: Iterable[Row], better: str) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the table as texts."""
    swept = document.swept
    figure = f"{document.figure.replace('_', ' ')} ({better})"
    head = [*(name.replace("_", " ") for name in swept), figure, "95% interval", "seeds", "minutes each"]
    cells = [
        [
            *(shown(row.settings[name]) for name in swept),
            _number(row.mean),
            "-" if row.low is None else f"{_number(row.low)} to {_number(row.high)}",
            _seeds(row),
            "-" if row.minutes is None else f"{row.minutes:.2g}",
        ]
        for row in rows
    ]
    return head, cells


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _seeds(row: Row) -> str:
    """How many seeds have finished, have diverged, and are left."""
    parts = [f"{row.finished} finished"]
    parts += [f"{count} {what}" for count, what in ((row.diverged, "diverged"), (row.left, "left")) if count]
    return ", ".join(parts)


def page(document: Document, rows: Sequence[Row], better: str, pictures: Sequence[str]) -> str:
    """sweep.md: the table and the pictures."""
    head, cells = cells_of(document, rows, better)
    lines = [f"# Sweep of {document.title}", ""]
    lines += [
        f"The figure is `{document.figure}` of each run's samples, its mean over the seeds and Student's "
    ]
    lines[-1] += "95% interval of the mean."
    lines += ["", _line(head), _line(["---"] * len(head)), *map(_line, cells), ""]
    lines += [f"![{name}]({name})\n" for name in pictures]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def runs_as_csv(document: Document, results: Results) -> str:
    """sweep.csv: a line for each run, with its settings, its state and every figure that is a number."""
    figures = dict.fromkeys(
        name
        for member in document.runs
        if member.name in results
        for name, value in results[member.name].figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    )
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["run", *document.swept, "seed", "state", "step", "minutes", *figures])
    for member in document.runs:
        point, result = document.point(member), results.get(member.name)
        lines.writerow(
            [
                member.name,
                *(shown(point[name]) for name in document.swept),
                member.seed,
                "left" if result is None else "diverged" if result.diverged else "finished",
                *(["", ""] if result is None else [result.step, result.minutes]),
                *(_cell(result, name) for name in figures),
            ]
        )
    return text.getvalue()


def _cell(result: Result | None, name: str) -> Any:
    value = None if result is None else result.figures.get(name)
    return "" if value is None else value
