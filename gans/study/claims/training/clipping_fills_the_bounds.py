"""Weights that are clipped gather at the bounds."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import grid25, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer

CLIP = 0.1


def measure(trial: Trial) -> Numbers:
    """The share of the critic's weights at the bounds after 1,000 of its updates."""
    training, _ = started(trial, "wgan", grid25(), width=64, batch_size=128, clip=CLIP, lr=5e-5)
    trial.train(training, 100)
    gan = training.system
    assert isinstance(gan, TwoPlayer)
    weights = np.concatenate([p.data.ravel() for p in gan.discriminator.parameters()])
    return {
        "share": float((np.abs(weights) > 0.99 * CLIP).mean()),
        "inside": float((np.abs(weights) < CLIP / 2).mean()),
    }


CLAIM = Claim(
    says="Clipping drives the critic's weights to the bounds, which makes it too simple a function.",
    source="Gulrajani et al. 2017, section 3 and figure 1 b",
    measured="the share of a WGAN critic's weights within 1% of the bounds after 1,000 updates on the grid "
    "of 25 "
    "Gaussians.",
    refuted_by="less than a third of the weights.",
    effect=Effect(name="share", words="share of the weights at the bounds", at_least=0.33),
    measure=measure,
    picture=arms("share of the weights", {"share": "at the bounds", "inside": "below half of them"}),
)
