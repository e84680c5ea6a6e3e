"""Weight norm against batch norm in G."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training
from gans.study.board.networks import NORM_G, WEIGHT_G

ARMS = {
    "without": Arm("batch norm", system=NORM_G),
    "with_it": Arm("weight norm", system=WEIGHT_G),
}

CLAIM = Claim(
    says="Weight norm can take the place of batch norm.",
    source="Salimans and Kingma 2016; documents 003 (instance norm or weight norm instead)",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with weight "
    "norm in G against batch norm.",
    refuted_by="a distance that is a fifth larger.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=-0.32),
    measure=compared(ARMS),
    picture=over_training(ARMS),
)
