"""The norms are averaged before they are compared with 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.objectives.penalties import interpolate_gradient_norms
from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import PENALISED
from minigrad import Tensor, tensor
from minigrad.ops import mean, relu, square


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    norms = interpolate_gradient_norms(D, real, fake, rng)
    return mean(square(norms - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    norms = interpolate_gradient_norms(D, real, fake, rng)
    return square(mean(norms) - 1.0)


def uneven(play: Play) -> float:
    """The penalty of a critic that is flat on one side of 0 and has the slope 2 on the other."""
    x = tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert play.game.penalty is not None
    return play.game.penalty(lambda x: relu(x[:, :1]) * 2.0, x, x, np.random.default_rng(0)).item()


BUG = Bug(
    "The mean before the square",
    "akanimax/pro_gan_pytorch #13",
    "the mean norm is held at 1: a slope of 2 here and of 0 there costs nothing",
    "each sample's norm is compared with 1, then the mean",
    PENALISED,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("penalty of a critic with slope 0 at one sample and 2 at the other", uneven, 1),
    "halves",
)
