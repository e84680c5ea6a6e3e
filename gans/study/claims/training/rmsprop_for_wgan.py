"""Adam with momentum against RMSprop, in a WGAN that clips."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm(
        "Adam, 0.9",
        {"optimizer": "adam", "beta1": 0.9, "lr": 0.0002, "lr_ratio": 1.0, "critic_steps": 5},
        model="wgan",
    ),
    "with_it": Arm("RMSprop", {"lr": 0.0002, "lr_ratio": 1.0, "critic_steps": 5}, model="wgan"),
}

CLAIM = Claim(
    says="A WGAN that clips trains worse with Adam than with RMSprop: momentum harms it.",
    source="Arjovsky et al. 2017, section 4.3; documents 003",
    measured="the sliced W1 of samples and data after 300 steps on the grid of 25 Gaussians, with RMSprop "
    "against Adam.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS, steps=300),
    picture=over_training(ARMS),
    seeds=5,
)
