"""Batch norm in G's hidden layers."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import NORM_G

ARMS = {
    "without": Arm("none"),
    "with_it": Arm("batch norm", system=NORM_G),
}

CLAIM = Claim(
    says="Batch norm in G's hidden layers helps.",
    source="Radford et al. 2015, section 3; documents 000 and 002",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with batch "
    "norm in G's hidden layers against none.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
