"""Gaussian against uniform noise."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("uniform", {"prior": "uniform"}),
    "with_it": Arm("Gaussian"),
}

CLAIM = Claim(
    says="The noise must not be uniform: z should be Gaussian.",
    source="documents 003; 000 says that it does not matter",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with "
    "Gaussian against uniform z.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
