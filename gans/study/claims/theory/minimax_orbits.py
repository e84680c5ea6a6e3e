"""Gradient descent on the GAN game orbits the equilibrium instead of reaching it."""

from __future__ import annotations

from gans.objectives import minimax
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.dirac import distances
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The distance from the equilibrium over 500 steps from a random point at the distance 1."""
    return distances(minimax(), trial)


CLAIM = Claim(
    says="Gradient descent does not find the Nash equilibrium of the minimax game: it orbits it for ever.",
    source="Goodfellow 2016, section 5.1.1; Mescheder et al. 2018, section 2; documents 003",
    measured="the Dirac-GAN from a random point at the distance 1: its mean distance in the last 50 of 500 "
    "alternating steps, at a learning rate of 0.2.",
    refuted_by="a distance below a half.",
    effect=Effect(name="alternating_last", words="distance after 500 steps", at_least=0.5),
    measure=measure,
    picture=curves("step", "distance", {"alternating": "alternating", "simultaneous": "simultaneous"}),
)
