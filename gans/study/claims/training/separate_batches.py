"""Real and generated samples in separate batches, where D has batch norm."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import NORM_D

ARMS = {
    "without": Arm("one batch", {"joint_batches": True}, system=NORM_D),
    "with_it": Arm("separate", system=NORM_D),
}

CLAIM = Claim(
    says="D should see real and generated samples in separate batches.",
    source="Chintala et al. 2016, ganhacks 4; documents 003",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with "
    "separate against joint batches in a D with batch norm.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
