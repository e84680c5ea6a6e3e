"""Gradients through deep networks at their first weights, with batch norm and without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minigrad as mg
from gans.study.board.networks import normed
from gans.study.board.trial import Trial
from minigrad import grad, nn, tensor
from minigrad.ops import mean, square

__all__ = ["first_over_last"]

WIDTH, POINTS = 64, 128


def first_over_last(
    trial: Trial, depth: int, scale: float, activation: Callable[[], nn.Module], norm: bool
) -> float:
    """The norm of the first layer's gradient over that of the last hidden one, in powers of ten.

    The network has ``depth`` hidden layers of 64 units, whose weights are those of He et al. 2015 times
    ``scale``, with batch norm before each activation or without.
    """
    mg.manual_seed(trial.seed)
    made = normed([WIDTH] * (depth + 1) + [1], nn.BatchNorm1d if norm else _nothing, activation=activation)
    layers = [layer for layer in made.modules() if isinstance(layer, nn.Linear)]
    for layer in layers:
        nn.init.normal_(layer.weight, std=scale * float(np.sqrt(2 / WIDTH)))
    x = tensor(np.random.default_rng(trial.seed).standard_normal((POINTS, WIDTH)), np.float32)
    gradients = grad(mean(square(made(x) - 1.0)), [layers[0].weight, layers[depth - 1].weight])
    first, last = (max(float(np.linalg.norm(one.data.astype(np.float64))), 1e-30) for one in gradients)
    return float(np.log10(first / last))


def _nothing(units: int) -> nn.Module:  # noqa: ARG001  the signature of a norm
    return nn.Identity()
