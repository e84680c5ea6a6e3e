"""A gradient penalty on real samples makes a GAN converge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gans.objectives import non_saturating_gan, r1_penalty
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.dirac import path
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The distance from the equilibrium with the penalty's weight 0, 0.3 and 1."""
    angle = trial.rng.uniform(0, 2 * np.pi)
    start, steps = np.array([np.cos(angle), np.sin(angle)]), trial.cut(500)
    numbers: dict[str, float | list[float]] = {"step": list(range(0, steps + 1, 5))}
    for name, weight in (("without", 0.0), ("weight_03", 0.3), ("weight_1", 1.0)):
        objective = replace(non_saturating_gan(), penalty=r1_penalty(weight) if weight else None)
        distances = np.linalg.norm(path(objective, start, steps), axis=1)
        numbers[name] = np.maximum(distances, 1e-12)[::5].tolist()
        numbers[f"{name}_last"] = float(distances[-1])
    return numbers


CLAIM = Claim(
    says="Zero-centred gradient penalties such as R1 make the training of a GAN converge locally.",
    source="Mescheder et al. 2018, section 4",
    measured="the Dirac-GAN's distance from its equilibrium after 500 steps from a random point at the "
    "distance 1, with R1 of weight 0.3.",
    refuted_by="a distance above a hundredth.",
    effect=Effect(name="weight_03_last", words="distance after 500 steps", at_most=0.01),
    measure=measure,
    picture=curves(
        "step",
        "distance",
        {"without": "no penalty", "weight_03": "R1, weight 0.3", "weight_1": "R1, weight 1"},
        log=True,
    ),
)
