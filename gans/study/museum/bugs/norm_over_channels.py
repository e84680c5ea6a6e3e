"""The norm of a slope is taken over the channels of each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import DIGITS
from gans.study.museum.measures import slope
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, sqrt, square, sum
from minigrad.random import uniform


def slope_between(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform((len(real), 1, 1, 1), dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return g


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    g = slope_between(D, real, fake, rng)
    norm = sqrt(sum(square(g), axis=(1, 2, 3)) + 1e-16)
    return mean(square(norm - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    g = slope_between(D, real, fake, rng)
    norm = sqrt(sum(square(g), axis=1) + 1e-16)
    return mean(square(norm - 1.0))


BUG = Bug(
    "The penalty's norm is over one axis",
    "PyTorch-GAN #20, caogang/wgan-gp #27 and #47, Zeleni9/pytorch-wgan #40",
    "axis 1 of (n, c, h, w) is the channels: each pixel's slope is held at 1, that of 64 pixels at 8",
    "one norm for a sample, over all axes but the batch's",
    DIGITS,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("mean norm of D's slope, which the penalty holds at 1", slope, 150),
    "linear critic",
)
