"""The Dirac-GAN: data at 0, G makes the point theta, D(x) = psi x (Mescheder et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

import minigrad as mg
from gans.objectives import Objective
from gans.study.board.densities import Floats
from minigrad import Tensor, grad

__all__ = ["Way", "field", "path"]

Way = Literal["simultaneous", "alternating", "extra-gradient"]


def field(objective: Objective, psi: float, theta: float) -> Floats:
    """The step down both losses at (psi, theta): minus D's slope in psi and G's in theta, by the engine."""
    w, x = mg.tensor([[psi]], np.float64), mg.tensor([[theta]], np.float64)
    real = mg.tensor([[0.0]], np.float64)

    def D(at: Tensor) -> Tensor:
        return at @ w

    loss_d = objective.discriminator(D(real), D(x))
    if objective.penalty is not None:
        loss_d = loss_d + objective.penalty(D, real, x.detach(), np.random.default_rng(0))
    loss_g = objective.generator(D(x))
    return -np.array([grad(loss_d, [w])[0].item(), grad(loss_g, [x])[0].item()])


def path(
    objective: Objective,
    start: Floats,
    steps: int = 500,
    rate: float = 0.2,
    way: Way = "simultaneous",
    bound: Callable[[Floats], Floats] = lambda point: point,
) -> Floats:
    """Where (psi, theta) goes in ``steps`` steps from ``start``: (steps + 1, 2). ``bound`` acts on each."""
    points = [np.asarray(start, dtype=np.float64)]
    for _ in range(steps):
        point = points[-1]
        if way == "alternating":
            half = bound(point + rate * field(objective, *point) * [1, 0])
            point = half + rate * field(objective, *half) * [0, 1]
        elif way == "extra-gradient":
            ahead = point + rate * field(objective, *point)
            point = point + rate * field(objective, *ahead)
        else:
            point = point + rate * field(objective, *point)
        points.append(bound(point))
    return np.array(points)
