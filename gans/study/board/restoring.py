"""Digits of 28 x 28 pixels from 7 x 7, by a network that learns from errors of pixels or of features."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.networks.mlp import mlp
from gans.study.board.digits import digits
from gans.study.board.trial import Trial
from gans.systems.feature_losses import Content
from gans.updates import descend
from minigrad import nn, no_grad, tensor
from minigrad.ops import avg_pool2d, mean, square
from minigrad.optim import Adam

__all__ = ["restored", "tested"]

BATCH, STEPS, TESTED = 32, 500, 500

Loss = Literal["pixels", "features"]


def restored(trial: Trial, loss: Loss) -> NDArray[Any]:
    """500 test digits, made from their means of 4 x 4 pixels after 500 steps of a training."""
    mg.manual_seed(trial.seed)
    rng = np.random.default_rng(trial.seed)
    G = nn.Sequential(nn.Flatten(), *mlp((49, 256, 784), nn.ReLU), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    adam = Adam(G.parameters(), lr=1e-3)
    for _ in range(trial.cut(STEPS)):
        trial.check()
        real = tensor(digits().train(rng.integers(len(digits()), size=BATCH)))
        made = G(avg_pool2d(real, 4))
        descend(mean(square(made - real)) if loss == "pixels" else _content()(made, real), adam)
    with no_grad():
        answers: NDArray[Any] = G(avg_pool2d(tensor(tested()), 4)).numpy()
    return answers


def tested() -> NDArray[Any]:
    """The digits that were to be restored."""
    return digits().test(slice(0, TESTED))


@cache
def _content() -> Content:
    return Content()
