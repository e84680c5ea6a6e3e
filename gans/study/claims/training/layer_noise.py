"""Gaussian noise in D's layers."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("none"),
    "with_it": Arm("noise 0.2", {"layer_noise": 0.2}),
}

CLAIM = Claim(
    says="Gaussian noise on the inputs of D's layers helps.",
    source="Zhao et al. 2016, section 3; documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with noise "
    "of 0.2 in D's layers against none.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
