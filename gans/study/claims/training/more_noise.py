"""Noise of many more dimensions than the data have."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("z in 2-D"),
    "with_it": Arm("z in 32-D", {"latent": 32}),
}

CLAIM = Claim(
    says="More noise dimensions than the data have help further.",
    source="documents 000 (100 dimensions are usual)",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with z of "
    "32 dimensions against 2.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
