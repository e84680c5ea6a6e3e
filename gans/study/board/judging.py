"""A small classifier of digits, trained on the digits that a measurement gives it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.networks.mlp import mlp
from gans.study.board.trial import Trial
from gans.updates import descend
from minigrad import nn, no_grad, tensor
from minigrad.ops import cross_entropy
from minigrad.optim import Adam

__all__ = ["accuracy", "classifier"]

BATCH, STEPS = 64, 400


def classifier(trial: Trial, images: NDArray[Any], labels: NDArray[Any]) -> nn.Module:
    """A network of 128 hidden units after 400 steps on ``images`` (n, 1, 28, 28) with ``labels`` (n,)."""
    mg.manual_seed(trial.seed)
    rng = np.random.default_rng(trial.seed)
    net = nn.Sequential(nn.Flatten(), *mlp((28 * 28, 128, 10), nn.ReLU))
    adam = Adam(net.parameters(), lr=1e-3)
    for _ in range(trial.cut(STEPS)):
        trial.check()
        rows = rng.integers(len(images), size=BATCH)
        descend(cross_entropy(net(tensor(images[rows])), tensor(labels[rows].astype(np.int64))), adam)
    return net


def accuracy(net: nn.Module, images: NDArray[Any], labels: NDArray[Any]) -> float:
    """The share of ``images`` whose most probable class is their label."""
    with no_grad():
        found = net(tensor(images)).numpy().argmax(axis=1)
    return float((found == labels).mean())
