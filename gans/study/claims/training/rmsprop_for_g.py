"""RMSprop for G and Adam for D."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("Adam for both"),
    "with_it": Arm("RMSprop for G", {"optimizer": "rmsprop", "optimizer_d": "adam"}),
}

CLAIM = Claim(
    says="G trained with RMSprop and D with Adam is the best pair.",
    source="documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with "
    "RMSprop for G and Adam for D against Adam for both.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
