"""At the equilibrium neither loss is small."""

from __future__ import annotations

import numpy as np

from gans.objectives import binary_cross_entropy, non_saturating
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import tensor


def measure(trial: Trial) -> Numbers:
    """Both losses at G = data for the best D, and for a D that has not quite reached it."""
    best = tensor(np.zeros((100, 1)))
    near = tensor(0.1 * trial.rng.normal(size=(100, 1)))
    loss_d, loss_g = binary_cross_entropy(best, best).item(), non_saturating(best).item()
    return {
        "smaller": min(loss_d, loss_g),
        "loss_d": loss_d,
        "loss_g": loss_g,
        "near_d": binary_cross_entropy(near, near).item(),
        "near_g": non_saturating(near).item(),
    }


CLAIM = Claim(
    says="Training can stop when both losses are small.",
    source="documents 001",
    measured="both losses at the equilibrium, where G is the data and D a half: the smaller one.",
    refuted_by="a loss above 0.5.",
    effect=Effect(name="smaller", words="smaller loss at the equilibrium", at_most=0.5),
    measure=measure,
    picture=arms(
        "loss", {"loss_d": "D's, log 4", "loss_g": "G's, log 2", "near_d": "D's, near", "near_g": "G's, near"}
    ),
    seeds=2,
)
