"""A loss of log 2 for each of D's two terms: is the GAN at its equilibrium then?"""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.toys import grid25
from gans.study.board.trial import Trial
from gans.study.board.watching import floor, watched

NEAR = 0.03
"""How near to log 4 D's loss counts as there, as a share."""


def measure(trial: Trial) -> Numbers:
    """The samples' distance over that of real points, where D's loss is within 3% of log 4."""
    found, least = watched(trial), floor(grid25())
    losses, distances = np.array(found["loss_d"]), np.array(found["distance"])
    there = np.abs(losses / np.log(4) - 1) < NEAR
    there[np.abs(losses - np.log(4)).argmin()] = True
    return {
        "times": float(np.mean(distances[there]) / least),
        "share": float(there.mean()),
        "relative": (distances / least).tolist(),
        "half_loss": (losses / 2).tolist(),
        "step": found["step"],
    }


CLAIM = Claim(
    says="A loss of 0.69 for each of D's two terms means that the GAN has converged.",
    source="documents 002 (D is a half everywhere at the end)",
    measured="the mean distance of samples over that of real points, at the looks of a training on the grid "
    "of 25 Gaussians where D's loss is within 3% of log 4.",
    refuted_by="samples that are more than 1.5 times as far as real points are.",
    effect=Effect(name="times", words="times the distance of real points", at_most=1.5),
    measure=measure,
    picture=curves(
        "step",
        "loss / 2; distance",
        {"half_loss": "D's loss / 2", "relative": "distance / floor"},
        log=True,
        line=0.693,
    ),
)
