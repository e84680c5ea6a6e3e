"""Layer norm against batch norm in G."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training
from gans.study.board.networks import LAYER_G, NORM_G

ARMS = {
    "without": Arm("batch norm", system=NORM_G),
    "with_it": Arm("layer norm", system=LAYER_G),
}

CLAIM = Claim(
    says="A norm within each sample beats batch norm.",
    source="documents 003 (instance norm in place of batch norm)",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with layer "
    "norm, points' instance norm, in G against batch norm.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
