"""Noise of fewer dimensions than the data have."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("z in 1-D", {"latent": 1}),
    "with_it": Arm("z in 2-D"),
}

CLAIM = Claim(
    says="The noise needs at least the data's intrinsic dimension.",
    source="documents 000",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, whose data "
    "have two dimensions, with z of two against one.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
