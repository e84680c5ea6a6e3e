"""Rates that decay."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("constant", {"lr_half_life": 0}),
    "with_it": Arm("halves every 500", {"lr_half_life": 500}),
}

CLAIM = Claim(
    says="The learning rate should decay.",
    source="documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with rates "
    "that halve every 500 steps against constant ones.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
