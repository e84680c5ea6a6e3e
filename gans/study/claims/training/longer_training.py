"""A collapsed GAN is trained four times as long."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training

ARMS = {
    "short": Arm("400 steps", {"generator_steps": 5}, steps=400),
    "long": Arm("1,600 steps", {"generator_steps": 5}, steps=1600),
}

CLAIM = Claim(
    says="Longer training does not cure mode collapse.",
    source="documents 003",
    measured="the modes of 25 that samples cover after 1,600 steps, with five updates of G a step, beyond "
    "those after 400.",
    refuted_by="more than two modes more.",
    effect=Effect(name="more_modes", words="modes more", at_most=2.0),
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
