"""Each step trains only the network whose loss is larger."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("both"),
    "with_it": Arm("larger loss", {"turns": "larger-loss"}),
}

CLAIM = Claim(
    says="Training the network with the larger loss balances the game and helps.",
    source="documents 001",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, training "
    "the network with the larger loss against both.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
