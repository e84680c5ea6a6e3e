"""The table of published figures and ours: REPRODUCTIONS.md, made from the JSON files alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from gans.reproductions.results import Document, FigureColumn, RowResults, TrialResult

__all__ = ["Table", "page", "table_of"]

HEAD = """\
# Reproductions

Published figures beside those of this project, at the published settings. `python -m gans reproduce NAME`
runs such an experiment; after a stop or a kill the same command goes on, and more trials only add to what is
here. A row that ran a part of the published length says which part, and a scaled row, of smaller networks or
data than the paper's, says so. The spread stands behind ±, and a dash where there is no figure. Minutes are
by the clock; other programs on the machine lengthen them, and not those of the processor beside them. The
same command makes this page, from `reproductions/*.json` alone.

<!-- tables -->
"""


class Table(NamedTuple):
    """The cells of an experiment's table."""

    head: list[str]
    rows: list[list[str]]


def page(documents: Iterable[Document]) -> str:
    """REPRODUCTIONS.md."""
    return "\n".join([HEAD, *map(_section, documents)])


def table_of(document: Document) -> Table:
    """A row for each row of the experiment, and one for each part of the length that was run."""
    published = [name for name in document.figures if any(name in row.published for row in document.rows)]
    head = ["row"]
    for name, figure in document.figures.items():
        head += [f"{figure.words}, published", "ours"] if name in published else [figure.words]
    rows = []
    for row in document.rows:
        cells = [_label(row)]
        for name, figure in document.figures.items():
            if name in published:
                cells.append(_published(row, name, figure))
            cells.append(_ours(row, name, figure))
        rows.append([*cells, _trials(row, document.wanted), *_minutes(row.trials)])
    return Table([*head, "trials", "minutes each", "CPU minutes"], rows)


def _section(document: Document) -> str:
    head, rows = table_of(document)
    lines = [f"## {document.title}", "", f"{document.paper}. {document.protocol}", ""]
    lines += [_line(head), _line(["---"] * len(head)), *map(_line, rows), ""]
    if document.settings:
        lines += [f"Settings: {_settings(document.settings)}.", ""]
    lines += [f"Published figures: {document.source} Spread: {document.spread}. {_made(document)}", ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _label(row: RowResults) -> str:
    if row.share == 1:
        return row.label
    run = round(row.share * row.steps)
    return f"{row.label}, **{100 * row.share:.3g}% of the length** ({run:,} of {row.steps:,} steps)"


def _published(row: RowResults, name: str, figure: FigureColumn) -> str:
    found = row.published.get(name)
    return "-" if found is None else _with_spread(found.value, found.spread, figure.digits)


def _ours(row: RowResults, name: str, figure: FigureColumn) -> str:
    values = _values(row.trials, name)
    if not values:
        return "-"
    spreads = _values(row.trials, figure.spread) if figure.spread else []
    if spreads:
        spread: float | None = fmean(spreads)
    else:
        spread = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return _with_spread(fmean(values), spread, figure.digits)


def _values(trials: Iterable[TrialResult], name: str) -> list[float]:
    found = (trial.figures.get(name) for trial in trials)
    return [value for value in found if value is not None]


def _with_spread(value: float, spread: float | None, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text if spread is None else f"{text} ± {spread:,.{digits}f}"


def _trials(row: RowResults, wanted: int) -> str:
    """How many trials there are, of how many that were published; and how many of them diverged."""
    done = f"{len(row.trials)} of {wanted}" if row.trials else "not run"
    diverged = sum(bool(trial.failed) for trial in row.trials)
    return f"{done}, {diverged} diverged" if diverged else done


def _minutes(trials: Sequence[TrialResult]) -> tuple[str, str]:
    """The mean of the trials' minutes, by the clock and of the processor."""
    measured = [trial.cpu_minutes for trial in trials if trial.cpu_minutes is not None]
    return _mean_minutes([trial.minutes for trial in trials]), _mean_minutes(measured)


def _mean_minutes(values: Sequence[float]) -> str:
    if not values:
        return "-"
    minutes = fmean(values)
    return "below 0.1" if minutes < 0.1 else f"{minutes:,.1f}" if minutes < 10 else f"{minutes:,.0f}"


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())


def _made(document: Document) -> str:
    """The command, the dates and the processors of the trials."""
    trials = [trial for row in document.rows for trial in row.trials]
    if not trials:
        return "Not run yet."
    commands = sorted({f"`{trial.command}`" for trial in trials if trial.command})
    how = f"by {' and '.join(commands)}, " if commands else ""
    dates = sorted({trial.date for trial in trials})
    days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    machines = sorted({f"{trial.processor}, {trial.cores} cores" for trial in trials})
    return f"Measured {how}{days}, on {'; '.join(machines)}."
