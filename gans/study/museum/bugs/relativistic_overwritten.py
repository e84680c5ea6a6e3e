"""The relativistic loss is computed, then the plain one takes its place."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import RELATIVE
from minigrad import Tensor, tensor
from minigrad.ops import mean, mean_softplus


def loss_g(on_fake: Tensor, on_real: Tensor) -> Tensor:
    loss = mean_softplus(on_fake - mean(on_real), sign=-1) + mean_softplus(on_real - mean(on_fake))
    return loss


def loss_g_wrong(on_fake: Tensor, on_real: Tensor) -> Tensor:
    loss = mean_softplus(on_fake - mean(on_real), sign=-1) + mean_softplus(on_real - mean(on_fake))
    loss = mean_softplus(on_fake, sign=-1)
    return loss


def by_real(play: Play) -> float:
    """How much G's loss changes when D's outputs of real samples do."""
    fake = tensor([[0.0], [1.0]])
    losses = [play.game.loss_g(fake, tensor([[real], [real]])).item() for real in (0.0, 5.0)]
    return abs(losses[1] - losses[0])


BUG = Bug(
    "The relativistic loss is overwritten",
    "PyTorch-GAN #52 and #210",
    "the next line assigns the plain loss: half of the paper is dead code",
    "G's loss compares fakes with real samples",
    RELATIVE,
    "loss_g",
    loss_g,
    loss_g_wrong,
    Symptom("change of G's loss when real outputs go from 0 to 5", by_real, 1),
    "formula",
)
