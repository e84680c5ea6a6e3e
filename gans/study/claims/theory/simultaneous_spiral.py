"""Simultaneous updates leave the equilibrium of a GAN in a spiral; alternating ones do not."""

from __future__ import annotations

import numpy as np

from gans.objectives import minimax
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.dirac import path
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The growth of the distance a step, near the equilibrium, against sqrt(1 + h^2/4) and against 1."""
    angle, rate = trial.rng.uniform(0, 2 * np.pi), trial.rng.uniform(0.1, 0.3)
    start = 1e-4 * np.array([np.cos(angle), np.sin(angle)])
    growths = {}
    for way in ("simultaneous", "alternating"):
        distances = np.linalg.norm(path(minimax(), start, trial.cut(400, 40), rate, way), axis=1)
        growths[way] = float((distances[-1] / distances[0]) ** (1 / (len(distances) - 1)))
    expected = float(np.sqrt(1 + rate**2 / 4))
    return {
        "error": abs(growths["simultaneous"] - expected),
        "alternating_growth": growths["alternating"],
        "simultaneous_growth": growths["simultaneous"],
        "expected": expected,
    }


CLAIM = Claim(
    says="Simultaneous steps of a GAN spiral outwards: each multiplies the distance by sqrt(1 + h²/4).",
    source="Mescheder et al. 2018, lemma 2.4 in numbers; the formula follows from the eigenvalues ±i/2",
    measured="the growth of a step over 400 steps near the Dirac-GAN's equilibrium, at a random rate h.",
    refuted_by="a growth that is off by more than 1e-5.",
    effect=identity("error", "error of the growth a step", 1e-5),
    measure=measure,
    picture=arms(
        "growth of the distance a step",
        {
            "simultaneous_growth": "simultaneous",
            "expected": "sqrt(1 + h²/4)",
            "alternating_growth": "alternating",
        },
        line=1.0,
    ),
)
