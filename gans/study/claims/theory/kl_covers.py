"""KL covers all modes, reverse KL takes one."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import axis, mixture
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import Tensor, grad, tensor
from minigrad.ops import exp
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The standard deviation of one Gaussian fitted to two modes, in both directions of KL."""
    x = axis(-8, 8, 801)
    width, gap = x[1] - x[0], trial.rng.uniform(2, 3)
    p = mixture(x, np.array([-gap, gap]), np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    start = np.array([trial.rng.choice([-1.0, 1.0]), 0.0])
    forward, reverse = (_fitted(x, p, width, start, way, trial.cut(600)) for way in ("forward", "reverse"))
    return {
        "wider": float(np.exp(forward[1] - reverse[1])),
        "x": x[::8].tolist(),
        "data": p[::8].tolist(),
        "forward": _density(x[::8], forward),
        "reverse": _density(x[::8], reverse),
    }


def _fitted(
    x: np.ndarray, p: np.ndarray, width: float, start: np.ndarray, way: str, steps: int
) -> np.ndarray:
    """Mean and log std after descent by the engine's gradients."""
    place, log_p = tensor(start), np.log(p + 1e-300)
    for _ in range(steps):
        log_q = -0.5 * ((tensor(x) - place[0]) * exp(-place[1])) ** 2 - place[1] - 0.5 * np.log(2 * np.pi)
        loss = _kl(log_q, log_p, p, way) * width
        (slope,) = grad(loss, [place])
        place = tensor(place.data - 0.05 * np.clip(slope.data, -4, 4))
    return place.numpy()


def _kl(log_q: Tensor, log_p: np.ndarray, p: np.ndarray, way: str) -> Tensor:
    if way == "forward":
        return total(tensor(p) * (log_p - log_q))
    return total(exp(log_q) * (log_q - log_p))


def _density(x: np.ndarray, place: np.ndarray) -> list[float]:
    density = np.exp(-0.5 * ((x - place[0]) / np.exp(place[1])) ** 2 - place[1]) / np.sqrt(2 * np.pi)
    return [float(value) for value in density]


CLAIM = Claim(
    says="A model fitted by KL covers all modes; by reverse KL it takes one of them.",
    source="Goodfellow 2016, section 3.2.5; documents 003",
    measured="one Gaussian fitted to two: its standard deviation by KL over that by reverse KL.",
    refuted_by="a ratio below 2.",
    effect=Effect(name="wider", words="ratio of the standard deviations", at_least=2.0),
    measure=measure,
    picture=curves("x", "density", {"data": "data", "forward": "KL", "reverse": "reverse KL"}, over="x"),
)
