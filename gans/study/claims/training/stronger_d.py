"""A D with four times the width of G."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import WIDE_D

ARMS = {
    "without": Arm("64 and 64"),
    "with_it": Arm("D of 256", system=WIDE_D),
}

CLAIM = Claim(
    says="D should be stronger than G.",
    source="Goodfellow 2016, section 4.4; documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with a D of "
    "256 units a layer against 64.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
