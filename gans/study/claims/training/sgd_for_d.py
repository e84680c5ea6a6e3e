"""SGD for D and Adam for G."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("Adam for both"),
    "with_it": Arm("SGD for D", {"optimizer_d": "sgd", "lr_ratio": 50.0}),
}

CLAIM = Claim(
    says="D should be trained with SGD and G with Adam.",
    source="Chintala et al. 2016, ganhacks 10; documents 003 say the reverse",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with SGD "
    "for D, at a rate of 0.05, against Adam for both.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
