"""A share of flipped labels."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("none"),
    "with_it": Arm("5% flipped", {"flip_labels": 0.05}),
}

CLAIM = Claim(
    says="Flipping a few labels of D helps.",
    source="Chintala et al. 2016, ganhacks 6; documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with 5% of "
    "the labels flipped against none.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
