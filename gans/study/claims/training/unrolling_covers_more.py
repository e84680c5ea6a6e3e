"""G sees some of the updates that D will make."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training

ARMS = {
    "without": Arm("none", {"unroll": 0}, model="unrolled"),
    "with_it": Arm("5 steps ahead", {"unroll": 5}, model="unrolled"),
}

CLAIM = Claim(
    says="Unrolling D covers more modes.",
    source="Metz et al. 2017",
    measured="the modes of 25 that samples cover after 1,000 steps, with five unrolled steps of D against "
    "none.",
    refuted_by="fewer than two modes more.",
    effect=Effect(name="more_modes", words="modes more", at_least=2.0),
    measure=compared(ARMS, steps=1000),
    picture=over_training(ARMS),
    seeds=5,
)
