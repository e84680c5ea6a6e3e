"""Batch norm against vanishing gradients in a deep network of sigmoids."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.deep import first_over_last
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import nn


def measure(trial: Trial) -> Numbers:
    """How far the gradient falls over 20 sigmoid layers."""
    return {
        "with_it": first_over_last(trial, 20, 1.0, nn.Sigmoid, True),
        "without": first_over_last(trial, 20, 1.0, nn.Sigmoid, False),
    }


CLAIM = Claim(
    says="Batch norm cures vanishing gradients, in any deep network.",
    source="documents 001",
    measured="the gradient of the first of 20 sigmoid layers over that of the last, in powers of ten, with "
    "batch norm.",
    refuted_by="a fall by more than one power of ten.",
    effect=Effect(name="with_it", words="powers of ten over 20 layers", at_least=-1.0),
    measure=measure,
    picture=arms(
        "first over last gradient, powers of ten", {"without": "none", "with_it": "batch norm"}, line=-1.0
    ),
)
