"""LSGAN's D still ends in a sigmoid."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import SQUARES
from minigrad import Tensor, grad, tensor
from minigrad.ops import mean, sigmoid, square


def loss_g(on_fake: Tensor, on_real: Tensor) -> Tensor:
    return mean(square(on_fake - 1.0)) * 0.5


def loss_g_wrong(on_fake: Tensor, on_real: Tensor) -> Tensor:
    return mean(square(sigmoid(on_fake) - 1.0)) * 0.5


def slope_far(play: Play) -> float:
    """The size of G's slope in the output of a D that is sure: -10."""
    output = tensor([[-10.0]])
    (g,) = grad(play.game.loss_g(output, output), [output])
    return abs(g.item())


BUG = Bug(
    "A sigmoid in LSGAN",
    "hwalsuklee's collection #19, GunhoChoi/LSGAN-TF #1",
    "the sigmoid brings back what squares were to cure: at outputs far from the target the slope vanishes",
    "squares of D's output as it is",
    SQUARES,
    "loss_g",
    loss_g,
    loss_g_wrong,
    Symptom("size of G's slope where D's output is -10", slope_far, 1),
    "formula",
)
