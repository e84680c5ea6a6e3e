"""Batch norm at G's output and D's input, too."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import NORM_ALL, NORM_BOTH

ARMS = {
    "without": Arm("everywhere", system=NORM_ALL),
    "with_it": Arm("hidden layers", system=NORM_BOTH),
}

CLAIM = Claim(
    says="Batch norm everywhere makes training oscillate: G's output and D's input must go without.",
    source="Radford et al. 2015, section 3; documents 000",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with batch "
    "norm in the hidden layers of both against everywhere.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
