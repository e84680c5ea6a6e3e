"""G and D of one size against a G of four times the width."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import WIDE_G

ARMS = {
    "without": Arm("G of 256", system=WIDE_G),
    "with_it": Arm("64 and 64"),
}

CLAIM = Claim(
    says="G and D of nearly the same size help.",
    source="documents 003; they also say that D should be stronger",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with equal "
    "widths of 64 against a G of 256.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
