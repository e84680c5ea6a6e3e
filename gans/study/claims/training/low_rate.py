"""A learning rate of 1e-4."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("1e-3"),
    "with_it": Arm("1e-4", {"lr": 0.0001}),
}

CLAIM = Claim(
    says="Adam should run at a rate of 1e-4.",
    source="documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, at a rate "
    "of 1e-4 against 1e-3.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
