"""LeakyReLU against ReLU in D."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import LEAKY

ARMS = {
    "without": Arm("ReLU"),
    "with_it": Arm("LeakyReLU", system=LEAKY),
}

CLAIM = Claim(
    says="LeakyReLU in D beats ReLU, whose gradients are sparse.",
    source="Radford et al. 2015, section 3; documents 000 and 002",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with "
    "LeakyReLU against ReLU in D.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
