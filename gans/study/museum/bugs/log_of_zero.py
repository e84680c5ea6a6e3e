"""Logarithms of probabilities, which round to 0."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import RING
from minigrad import Tensor, tensor
from minigrad.ops import log, mean, mean_softplus, sigmoid


def loss_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    return mean_softplus(on_real, sign=-1) + mean_softplus(on_fake)


def loss_d_wrong(on_real: Tensor, on_fake: Tensor) -> Tensor:
    return -mean(log(sigmoid(on_real))) - mean(log(1.0 - sigmoid(on_fake)))


def largest(play: Play) -> float:
    """The largest of the outputs 1, 2, ... 60 for fakes at which D's loss is finite."""
    with np.errstate(all="ignore"):
        losses = [play.game.loss_d(tensor([[9.0]]), tensor([[float(size)]])).item() for size in range(61)]
    return float(max(size for size, loss in enumerate(losses) if np.isfinite(loss)))


BUG = Bug(
    "The logarithm of 0",
    "PyTorch #751, soumith/ganhacks #36 and #67: a sigmoid, then the cross-entropy",
    "in float32 the sigmoid of 17 is 1, and log(1 - 1) is minus infinity",
    "the loss as a function of the logit: softplus",
    RING,
    "loss_d",
    loss_d,
    loss_d_wrong,
    Symptom("largest output for a fake, of 60, at which D's loss is finite", largest, 1),
    "finite",
)
