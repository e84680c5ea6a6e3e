"""An optimizer made for games reaches an equilibrium that gradient descent orbits."""

from __future__ import annotations

import numpy as np

from gans.objectives import non_saturating_gan
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.dirac import path
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial

RATE = 1.0


def measure(trial: Trial) -> Numbers:
    """The distance from the equilibrium by plain and by extra-gradient steps."""
    angle = trial.rng.uniform(0, 2 * np.pi)
    start, steps = np.array([np.cos(angle), np.sin(angle)]), trial.cut(500)
    plain = np.linalg.norm(path(non_saturating_gan(), start, steps, RATE, "alternating"), axis=1)
    extra = np.linalg.norm(path(non_saturating_gan(), start, steps, RATE, "extra-gradient"), axis=1)
    return {
        "last": float(extra[-1]),
        "plain_last": float(plain[-50:].mean()),
        "step": list(range(0, steps + 1, 5)),
        "plain": plain[::5].tolist(),
        "extra": np.maximum(extra, 1e-12)[::5].tolist(),
    }


CLAIM = Claim(
    says="GANs need optimizers made for equilibria; extra-gradient steps reach the one that descent orbits.",
    source="documents 003; Korpelevich 1976; Gidel et al. 2019",
    measured="the Dirac-GAN's distance from its equilibrium after 500 extra-gradient steps at a rate of 1.",
    refuted_by="a distance above a hundredth.",
    effect=Effect(name="last", words="distance after 500 steps", at_most=0.01),
    measure=measure,
    picture=curves("step", "distance", {"plain": "alternating descent", "extra": "extra-gradient"}, log=True),
)
