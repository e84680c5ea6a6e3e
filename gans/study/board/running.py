"""Running a claim: which seeds are due, and how each becomes a result."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gans.files import write
from gans.jobs import Say, Stop, one_by_one, sole
from gans.machine import cores, processor
from gans.study.board.claim import Claim, Numbers
from gans.study.board.page import page
from gans.study.board.pictures import drawn, filmed
from gans.study.board.registry import find, short_name
from gans.study.board.results import Document, Place, TrialResult, add
from gans.study.board.trial import Trial
from gans.study.board.verdict import Finding, judge

__all__ = ["Due", "due_trials", "measured", "settle", "study"]

DIGITS = 6


class Due(NamedTuple):
    """A seed of a claim that has no result yet."""

    claim: str
    seed: int
    base: Path

    @property
    def title(self) -> str:
        return f"{short_name(self.claim)}, seed {self.seed}"

    def carry_out(self, stop: Stop, say: Say) -> bool:
        """Measure the seed, and add it to the claim's JSON; False if another process is at it.

        Raises StoppedError if ``stop()`` is true meanwhile, UserError if it cannot be run.
        """
        place, claim, short = Place(self.base), find(self.claim), short_name(self.claim)
        with sole(place.work(short) / f"seed-{self.seed}") as alone:
            document = place.document(short)
            done = document is not None and any(trial.seed == self.seed for trial in document.trials)
            if alone and not done:
                add(place, self.claim, claim, [_result(claim, Trial(self.seed, stop=stop))])
            return alone


def due_trials(names: Sequence[str], place: Place, seeds: int | None = None) -> list[Due]:
    """The seeds from 0 that have no result yet, claim by claim; as many as each claim says unless given.

    Raises UserError for a claim that there is not, or whose JSON is damaged.
    """
    due = []
    for name in names:
        document = place.document(short_name(name))
        there = {trial.seed for trial in document.trials} if document else set()
        wanted = range(find(name).seeds if seeds is None else seeds)
        due += [Due(name, seed, place.base.absolute()) for seed in wanted if seed not in there]
    return due


def measured(claim: Claim, trial: Trial) -> dict[str, float | list[float | None] | None]:
    """The numbers of a trial as JSON keeps them: with six digits, and None for those that are not finite.

    Raises ValueError if the effect is not among them, or not finite.
    """
    numbers = {name: _kept(value) for name, value in claim.measure(trial).items()}
    if not isinstance(numbers.get(claim.effect.name), float):
        raise ValueError(f"the measurement gave no finite number {claim.effect.name!r}, got {list(numbers)}")
    return numbers


def settle(name: str, place: Place) -> tuple[Document, Finding]:
    """A claim's results and verdict; its picture and the page are written anew.

    Raises UserError for a claim that there is not, or whose JSON is damaged.
    """
    claim, short = find(name), short_name(name)
    document = add(place, name, claim, [])
    if document.trials:
        numbers = [trial.numbers for trial in document.trials]
        write(place.picture(short), drawn(claim, numbers))
        if claim.film is not None:
            write(place.film(short), filmed(claim.film(numbers)))
    write(place.page, page(place.documents()).encode())
    return document, judge(document.effect, document.effects)


def study(name: str, seeds: int | None = None, out: Path | None = None) -> Finding:
    """Measure the claim ``name`` with its seeds that have no result yet; its verdict.

    ``out`` is the folder of docs/claims, the current one unless given.

    Raises UserError for a claim that there is not, or whose JSON is damaged.
    """
    place = Place(out or Path())
    for _ in one_by_one(due_trials([name], place, seeds), lambda: False, lambda text: None):
        pass
    return settle(name, place)[1]


def _result(claim: Claim, trial: Trial) -> TrialResult:
    began, cpu_began = time.monotonic(), time.process_time()
    numbers = measured(claim, trial)
    return TrialResult(
        seed=trial.seed,
        numbers=numbers,
        seconds=round(time.monotonic() - began, 2),
        cpu_seconds=round(time.process_time() - cpu_began, 2),
        date=time.strftime("%Y-%m-%d"),
        processor=processor(),
        cores=cores(),
    )


def _kept(value: float | Sequence[float | None] | None) -> float | list[float | None] | None:
    if isinstance(value, Sequence):
        return [_number(one) for one in value]
    return _number(value)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{float(value):.{DIGITS}g}")


def shown(numbers: Numbers) -> str:
    """Numbers in words; of a curve its last one."""
    last = {name: value[-1] if isinstance(value, Sequence) else value for name, value in numbers.items()}
    return ", ".join(
        f"{name} {'-' if value is None else format(value, '.4g')}" for name, value in last.items()
    )
