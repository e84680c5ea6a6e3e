"""What can catch a bug: each check looks at any game, and holds or not; None has nothing to check."""

from __future__ import annotations

from collections.abc import Callable

from gans.study.museum.checks import data, gradients, penalties, rules, values
from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game

__all__ = ["CHECKS", "Outcome"]

CHECKS: dict[str, Callable[[Game], Outcome | None]] = {
    "finite differences": gradients.finite_differences,
    "reach": gradients.reach,
    "own weights": gradients.own_weights,
    "formula": values.formula,
    "finite": values.finite,
    "linear critic": penalties.linear_critic,
    "segment": penalties.segment,
    "halves": penalties.halves,
    "pixels": data.round_trip,
    "modes": data.modes,
    "classes": data.classes,
    "noise": data.noise,
    "unit variance": data.unit_variance,
    "bound": rules.bound,
    "alternation": rules.alternation,
    "resume": rules.resume,
}
