"""Fifty updates of D, then fifty of G."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training

ARMS = {
    "without": Arm("1 and 1"),
    "with_it": Arm("50 and 50", {"critic_steps": 50, "generator_steps": 50}, steps=30),
}

CLAIM = Claim(
    says="D can be trained for epochs, then G for epochs, as well as in alternating steps.",
    source="documents 002 (epochs); Goodfellow et al. 2014 (steps)",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with 50 "
    "updates of D and then 50 of G against 1 and 1, as many in all.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=-0.32),
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
