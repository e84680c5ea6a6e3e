"""D judges two samples at once."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training

ARMS = {
    "without": Arm("GAN"),
    "with_it": Arm("PacGAN, 2", {"pack": 2}, model="pacgan"),
}

CLAIM = Claim(
    says="PacGAN covers more modes than a GAN.",
    source="Lin et al. 2018, table 1",
    measured="the modes of 25 that samples cover after 1,500 steps, with a D that sees two samples at once "
    "against one.",
    refuted_by="fewer than two modes more.",
    effect=Effect(name="more_modes", words="modes more", at_least=2.0),
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
