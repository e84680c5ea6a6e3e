"""A bug shown: both variants played, and every check tried on both."""

from __future__ import annotations

from dataclasses import dataclass

from gans.study.museum.bug import Bug
from gans.study.museum.checks import CHECKS, Outcome
from gans.study.museum.game import Game, Play
from gans.study.museum.registry import find
from minigrad.dispatch import use_kernels

__all__ = ["Exhibit", "checked", "exhibit"]


@dataclass(frozen=True)
class Exhibit:
    """``symptoms`` and ``checks`` are those of the variants "right" and "wrong"."""

    name: str
    bug: Bug
    symptoms: dict[str, float]
    checks: dict[str, dict[str, Outcome]]

    @property
    def caught_by(self) -> list[str]:
        """The checks that the right code passes and the wrong code does not."""
        right, wrong = self.checks["right"], self.checks["wrong"]
        return [name for name in wrong if name in right and right[name].holds and not wrong[name].holds]


def exhibit(name: str) -> Exhibit:
    """The bug of this name, played and checked.

    >>> exhibit("twice-the-mode").caught_by
    ['modes']

    Raises UserError if there is none.
    """
    bug = find(name)
    with use_kernels("reference"):  # small arrays: nothing to compile
        symptoms = {which: _symptom(bug, game) for which, game in bug.games.items()}
        checks = {which: checked(game) for which, game in bug.games.items()}
    return Exhibit(name, bug, symptoms, checks)


def checked(game: Game) -> dict[str, Outcome]:
    """The outcome of each check that has something to check in the game."""
    found = {name: check(game) for name, check in CHECKS.items()}
    return {name: outcome for name, outcome in found.items() if outcome is not None}


def _symptom(bug: Bug, game: Game) -> float:
    return bug.symptom.measure(Play(game).advance(bug.symptom.batches))
