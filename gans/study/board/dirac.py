"""The Dirac-GAN: data at 0, G makes the point theta, D(x) = psi x (Mescheder et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

import minigrad as mg
from gans.objectives import Objective
from gans.study.board.claim import Numbers
from gans.study.board.densities import Floats
from gans.study.board.trial import Trial
from minigrad import Tensor, grad

__all__ = ["Way", "distances", "field", "path"]

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


def distances(objective: Objective, trial: Trial) -> Numbers:
    """The distance from the equilibrium over 500 steps from a random point at the distance 1, by way.

    ``alternating_last`` and ``simultaneous_last`` are the means of the last 50.
    """
    angle = trial.rng.uniform(0, 2 * np.pi)
    start, steps = np.array([np.cos(angle), np.sin(angle)]), trial.cut(500)
    numbers: dict[str, float | list[float]] = {"step": list(range(0, steps + 1, 5))}
    for way in ("alternating", "simultaneous"):
        found = np.linalg.norm(path(objective, start, steps, way=way), axis=1)
        numbers[way] = found[::5].tolist()
        numbers[f"{way}_last"] = float(found[-50:].mean())
    return numbers
