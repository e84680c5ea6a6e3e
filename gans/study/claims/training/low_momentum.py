"""Adam's beta1 of 0.5 against 0.9."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("0.9", {"beta1": 0.9}),
    "with_it": Arm("0.5"),
}

CLAIM = Claim(
    says="A beta1 of 0.9 makes training oscillate; 0.5 helps.",
    source="Radford et al. 2015, section 4",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with a "
    "beta1 of 0.5 against 0.9.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
