"""The files of reproductions: a JSON for each experiment, to which trials are only ever added."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from gans.errors import UserError
from gans.files import decode, folded, read, reading, write
from gans.jobs import sole
from gans.reproductions.experiment import Experiment

__all__ = ["Document", "FigureColumn", "Place", "RowResults", "TrialResult", "gather", "read_document"]

MOST_BYTES = 2**26

_REMEDY = "put back a copy, or move it away and its trials run again"

_FOLDED = 4
"""The level of the JSON's containers that are written in one line: a trial is such a line."""

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class TrialResult(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What one trial gave, and the command that ran it; ``failed`` says how it diverged, if it did.

    ``minutes`` are by the clock, ``cpu_minutes`` the processor's, which trials of earlier versions lack.
    """

    seed: Annotated[int, msgspec.Meta(ge=0)]
    figures: dict[str, float | None]
    minutes: Annotated[float, msgspec.Meta(ge=0)]
    date: Text
    processor: Text
    cores: int
    command: Text = ""
    trace: dict[str, list[float]] = {}
    failed: Text = ""
    cpu_minutes: Annotated[float, msgspec.Meta(ge=0)] | None = None


class PublishedFigure(msgspec.Struct, omit_defaults=True):
    """A published figure and its spread."""

    value: float
    spread: float | None = None


class FigureColumn(msgspec.Struct, omit_defaults=True):
    """A column of the table; see ``Figure``."""

    words: Text
    digits: Annotated[int, msgspec.Meta(ge=0, le=12)]
    spread: Text = ""


class RowResults(msgspec.Struct):
    """A row with its trials, by seed; ``share`` is the part of the published length that they ran."""

    row: Text
    label: Text
    share: Annotated[float, msgspec.Meta(gt=0, le=1)]
    steps: Annotated[int, msgspec.Meta(ge=0)]
    settings: dict[str, Any]
    published: dict[str, PublishedFigure]
    trials: list[TrialResult]


class Document(msgspec.Struct):
    """All of an experiment: what is published, and what was measured."""

    experiment: Text
    title: Text
    paper: Text
    protocol: Text
    source: Text
    spread: Text
    wanted: int
    figures: dict[str, FigureColumn]
    settings: dict[str, Any]
    rows: list[RowResults]

    def row(self, name: str, share: float) -> RowResults | None:
        """The row ``name`` with trials of this share of the length."""
        return next((row for row in self.rows if (row.row, row.share) == (name, share)), None)


class Place(NamedTuple):
    """The folder with the results: where each file lies in it."""

    base: Path

    @property
    def results(self) -> Path:
        return self.base / "reproductions"

    @property
    def table(self) -> Path:
        return self.base / "REPRODUCTIONS.md"

    def json(self, name: str) -> Path:
        return self.results / f"{name}.json"

    @property
    def runs(self) -> Path:
        """The folder in which the trials are run."""
        return self.base / "runs" / "reproductions"

    def trials(self, name: str) -> Path:
        """The folder with the trials of an experiment, one folder each."""
        return self.runs / name

    def trial(self, name: str, row: str, share: float, seed: int) -> Path:
        part = "" if share == 1 else f"_share-{share:g}"
        return self.trials(name) / f"{row}{part}_seed-{seed}"

    def documents(self) -> list[Document]:
        """The experiments that have results, by name."""
        return [read_document(path) for path in sorted(self.results.glob("*.json"))]


def read_document(path: Path) -> Document:
    """The results in ``path``. Raises UserError if the file is damaged."""
    with reading(path, _REMEDY):
        return decode(read(path, MOST_BYTES), Document)


def write_result(folder: Path, row: str, share: float, settings: dict[str, Any], result: TrialResult) -> None:
    """Write what a trial gave into its folder: it is done then."""
    document = _Done(row, share, settings, result)
    write(folder / "result.json", msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def is_done(folder: Path) -> bool:
    """Whether the trial in ``folder`` has its result."""
    return (folder / "result.json").is_file()


class _Done(msgspec.Struct):
    row: str
    share: float
    settings: dict[str, Any]
    result: TrialResult


def gather(place: Place, name: str, experiment: Experiment) -> Document:
    """Add the results of all trials that are done to the experiment's JSON; returns it.

    Trials that the JSON has stay as they are, whether their folders are still there or not.

    Raises UserError if the JSON is damaged, or has trials of other settings.
    """
    place.results.mkdir(parents=True, exist_ok=True)
    with sole(place.trials(name), wait=True):
        path = place.json(name)
        before = read_document(path) if path.exists() else None
        document = _empty(name, experiment)
        if before is not None:
            for row in before.rows:
                settings = {**before.settings, **row.settings}
                _add(document, experiment, path, row.row, row.share, settings, row.trials)
        for found in sorted(place.trials(name).glob("*/result.json")):
            with reading(found, f"delete the folder {found.parent}, and the trial runs again"):
                done = decode(read(found, MOST_BYTES), _Done)
            _add(document, experiment, found, done.row, done.share, done.settings, [done.result])
        order = list(experiment.rows)
        document.rows.sort(key=lambda row: (order.index(row.row), -row.share))
        content = folded(msgspec.to_builtins(document), _FOLDED)
        if before is None or content != read(path, MOST_BYTES):
            write(path, content)
        return document


def _empty(name: str, experiment: Experiment) -> Document:
    """The document of an experiment without trials: each row at its full length."""
    document = Document(
        experiment=name,
        title=experiment.title,
        paper=experiment.paper,
        protocol=experiment.protocol,
        source=experiment.source,
        spread=experiment.spread,
        wanted=experiment.trials,
        figures={key: FigureColumn(*figure) for key, figure in experiment.figures.items()},
        settings=dict(experiment.settings),
        rows=[],
    )
    for row in experiment.rows:
        document.rows.append(_row(experiment, row, 1.0))
    return document


def _row(experiment: Experiment, name: str, share: float) -> RowResults:
    row = experiment.rows[name]
    published = {key: PublishedFigure(*figure) for key, figure in row.published.items()}
    return RowResults(name, row.label, share, row.steps, dict(row.settings), published, [])


def _add(
    document: Document,
    experiment: Experiment,
    path: Path,
    name: str,
    share: float,
    settings: dict[str, Any],
    trials: list[TrialResult],
) -> None:
    """Add trials of a row; those that are there already stay."""
    if name not in experiment.rows:
        raise UserError(f"{path}: {document.experiment} has no row {name!r}; {_REMEDY}")
    if trials and settings != msgspec.to_builtins(experiment.settings_of(name)):
        raise UserError(f"{path}: its trials of {name} have other settings than the present ones; {_REMEDY}")
    row = document.row(name, share)
    if row is None:
        row = _row(experiment, name, share)
        document.rows.append(row)
    there = {trial.seed for trial in row.trials}
    row.trials += [trial for trial in trials if trial.seed not in there]
    row.trials.sort(key=lambda trial: trial.seed)
