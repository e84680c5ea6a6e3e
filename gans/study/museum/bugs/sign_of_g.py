"""WGAN's G descends the score that it should raise."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import PENALISED
from gans.study.museum.measures import distance
from minigrad import Tensor
from minigrad.ops import mean


def loss_g(on_fake: Tensor, on_real: Tensor) -> Tensor:
    return -mean(on_fake)


def loss_g_wrong(on_fake: Tensor, on_real: Tensor) -> Tensor:
    return mean(on_fake)


BUG = Bug(
    "G's loss with the wrong sign",
    "Zeleni9/pytorch-wgan #51 and #53, which stood until 2025",
    "both networks push the score of fakes down: G runs away from the data",
    "minus the mean score of fakes",
    PENALISED,
    "loss_g",
    loss_g,
    loss_g_wrong,
    Symptom("distance of the samples from the data (sliced W1)", distance, 100),
    "formula",
)
