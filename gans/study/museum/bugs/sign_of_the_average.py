"""The relativistic average has the wrong sign."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import RELATIVE
from minigrad import Tensor, tensor
from minigrad.ops import mean, mean_softplus


def loss_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    of_real = mean_softplus(on_real - mean(on_fake), sign=-1)
    of_fake = mean_softplus(on_fake - mean(on_real))
    return of_real + of_fake


def loss_d_wrong(on_real: Tensor, on_fake: Tensor) -> Tensor:
    of_real = mean_softplus(on_real - mean(on_fake), sign=-1)
    of_fake = mean_softplus(on_fake + mean(on_real))
    return of_real + of_fake


def shifted(play: Play) -> float:
    """How much D's loss changes when 3 is added to all of its outputs."""
    real, fake = tensor([[1.0], [2.0]]), tensor([[0.0], [-1.0]])
    return abs(play.game.loss_d(real + 3.0, fake + 3.0).item() - play.game.loss_d(real, fake).item())


BUG = Bug(
    "The sign of the average",
    "AlexiaJM/RelativisticGAN #2",
    "the average of real outputs is added to fake ones: the loss depends on where D's zero is",
    "the average is taken away on both sides, so only differences count",
    RELATIVE,
    "loss_d",
    loss_d,
    loss_d_wrong,
    Symptom("change of D's loss when all outputs rise by 3", shifted, 1),
    "formula",
)
