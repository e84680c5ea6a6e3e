"""Several updates of D for each one of G."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("k = 1"),
    "with_it": Arm("k = 5", {"critic_steps": 5}),
}

CLAIM = Claim(
    says="D should be trained k > 1 times for each step of G.",
    source="Goodfellow et al. 2014, algorithm 1 (k = 1 there); documents 000 and 004",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with 5 "
    "updates of D a step against 1.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
