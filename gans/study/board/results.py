"""The files of the board: docs/claims/NAME.json, to which seeds are only ever added."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from gans.files import decode, folded, read, reading, write
from gans.jobs import sole
from gans.study.board.claim import Claim, Effect
from gans.study.board.registry import group_of, short_name

__all__ = ["Document", "Place", "TrialResult", "add", "empty", "read_document"]

MOST_BYTES = 2**22

_REMEDY = "put back a copy, or delete it and its seeds run again"

_FOLDED = 2
"""The level of the JSON's containers that are written in one line: a seed is such a line."""

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class TrialResult(msgspec.Struct, forbid_unknown_fields=True):
    """The numbers of one seed, and the seconds that they took, by the clock and of the processor."""

    seed: Annotated[int, msgspec.Meta(ge=0)]
    numbers: dict[str, float | list[float | None] | None]
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    cpu_seconds: Annotated[float, msgspec.Meta(ge=0)]
    date: Text
    processor: Text
    cores: int


class Document(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A claim and all that was measured of it."""

    claim: Text
    group: Text
    says: Text
    source: Text
    measured: Text
    refuted_by: Text
    command: Text
    effect: Effect
    trials: list[TrialResult]
    film: bool = False

    @property
    def effects(self) -> list[float]:
        """The effect of each seed."""
        values = [trial.numbers[self.effect.name] for trial in self.trials]
        return [value for value in values if isinstance(value, float)]


class Place(NamedTuple):
    """The folder with the results: where each file lies in it."""

    base: Path

    @property
    def results(self) -> Path:
        return self.base / "docs" / "claims"

    @property
    def page(self) -> Path:
        return self.base / "docs" / "claims.md"

    def json(self, name: str) -> Path:
        return self.results / f"{name}.json"

    def picture(self, name: str) -> Path:
        return self.results / f"{name}.png"

    def film(self, name: str) -> Path:
        return self.results / f"{name}.gif"

    @property
    def runs(self) -> Path:
        """The folder in which the seeds are run."""
        return self.base / "runs" / "claims"

    def work(self, name: str) -> Path:
        """The folder with the locks of a claim."""
        return self.runs / name

    def document(self, name: str) -> Document | None:
        """What was measured of the claim ``name``; None if nothing was."""
        path = self.json(name)
        return read_document(path) if path.exists() else None

    def documents(self) -> list[Document]:
        """The claims that have results, by name."""
        return [read_document(path) for path in sorted(self.results.glob("*.json"))]


def read_document(path: Path) -> Document:
    """The results in ``path``. Raises UserError if the file is damaged."""
    with reading(path, _REMEDY):
        document = decode(read(path, MOST_BYTES), Document)
        missing = [trial.seed for trial in document.trials if document.effect.name not in trial.numbers]
        if missing:
            raise ValueError(f"seed {missing[0]} lacks the number {document.effect.name}")
        return document


def empty(name: str, claim: Claim) -> Document:
    """The document of a claim of which nothing was measured."""
    return Document(
        claim=short_name(name),
        group=group_of(name),
        says=claim.says,
        source=claim.source,
        measured=claim.measured,
        refuted_by=claim.refuted_by,
        command=f"python -m gans study {name}",
        effect=claim.effect,
        trials=[],
        film=claim.film is not None,
    )


def add(place: Place, name: str, claim: Claim, results: list[TrialResult]) -> Document:
    """Add seeds to the claim's JSON, whose text becomes the claim's present one; returns all of it.

    Seeds that it has stay as they are. Raises UserError if the file is damaged.
    """
    short = short_name(name)
    with sole(place.work(short), wait=True):
        before, document = place.document(short), empty(name, claim)
        there = [] if before is None else before.trials
        seeds = {trial.seed for trial in there}
        document.trials = sorted(
            [*there, *(trial for trial in results if trial.seed not in seeds)], key=lambda trial: trial.seed
        )
        if document != before:
            place.results.mkdir(parents=True, exist_ok=True)
            write(place.json(short), folded(msgspec.to_builtins(document), _FOLDED))
        return document
