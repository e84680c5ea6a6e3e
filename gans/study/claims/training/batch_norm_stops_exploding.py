"""Batch norm against exploding gradients in a very deep network."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.deep import first_over_last
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import nn

DEPTHS = (5, 10, 20, 40)


def measure(trial: Trial) -> Numbers:
    """How far the gradient grows over 5 to 40 ReLU layers of the usual scale."""
    with_it = [first_over_last(trial, depth, 1.0, nn.ReLU, True) for depth in DEPTHS]
    without = [first_over_last(trial, depth, 1.0, nn.ReLU, False) for depth in DEPTHS]
    return {"growth": with_it[-1], "depth": list(DEPTHS), "with_it": with_it, "without": without}


CLAIM = Claim(
    says="Batch norm lowers the chance of exploding gradients.",
    source="documents 000; Yang et al. 2019 say that it causes them in deep networks",
    measured="the gradient of the first of 40 ReLU layers over that of the last, in powers of ten, with "
    "weights "
    "of the usual scale and batch norm.",
    refuted_by="a growth by more than one power of ten.",
    effect=Effect(name="growth", words="powers of ten over 40 layers", at_most=1.0),
    measure=measure,
    picture=curves(
        "depth", "powers of ten", {"with_it": "batch norm", "without": "none"}, over="hidden layers", line=0.0
    ),
)
