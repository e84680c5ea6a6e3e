"""A higher learning rate for D than for G."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("equal", {"lr_ratio": 1.0}),
    "with_it": Arm("4 times", {"lr_ratio": 4.0}),
}

CLAIM = Claim(
    says="D should learn at a higher rate than G.",
    source="Heusel et al. 2017; documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with four "
    "times the rate for D against the same.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
