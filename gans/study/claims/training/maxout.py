"""Maxout against LeakyReLU in D."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import LEAKY, MAXOUT

ARMS = {
    "without": Arm("LeakyReLU", system=LEAKY),
    "with_it": Arm("maxout", system=MAXOUT),
}

CLAIM = Claim(
    says="Maxout, D's first activation, beats LeakyReLU.",
    source="Goodfellow et al. 2014, section 5; documents 000",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with maxout "
    "of two pieces against LeakyReLU in D.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
