"""WGAN-GP's critic has slopes of 1 between real and generated samples."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.critics import critic_training
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """How far the mean slope is from 1 while samples are still away from the data."""
    found = critic_training(trial)
    return {"apart": abs(found["slope"][len(found["slope"]) // 4] - 1), **found}


CLAIM = Claim(
    says="The gradient penalty keeps the critic's slope between real and generated samples at 1.",
    source="Gulrajani et al. 2017, section 4 and proposition 1",
    measured="the distance of the mean slope from 1 after a quarter of 300 steps of WGAN-GP on N(4, 0.5²).",
    refuted_by="a distance above 0.1.",
    effect=Effect(name="apart", words="distance of the slope from 1", at_most=0.1),
    measure=measure,
    picture=curves("step", "mean slope; W1", {"slope": "slope", "w1": "exact W1"}, line=1.0),
)
