"""Samples from an average of G's weights."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("last weights"),
    "with_it": Arm("average", {"ema": 0.99}),
}

CLAIM = Claim(
    says="An average of G's weights makes better samples.",
    source="Karras et al. 2018; Brock et al. 2019",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, from an "
    "average of G's weights (decay 0.99) against the last ones.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
