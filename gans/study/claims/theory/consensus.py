"""Consensus optimisation turns the orbits of a game into ways to its equilibrium."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import Floats
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import Tensor, grad, tensor
from minigrad.ops import concatenate, square
from minigrad.ops import sum as total

PLAYERS, WEIGHT, RATE, STEPS = 4, 1.0, 0.05, 500


def measure(trial: Trial) -> Numbers:
    """The eigenvalues of a random game x M y with consensus, against -weight s^2 +- i s for M's s."""
    made = trial.rng.normal(size=(PLAYERS, PLAYERS))
    strengths = trial.rng.uniform(0.5, 1.5, PLAYERS)
    u, _, v = np.linalg.svd(made)
    M = u * strengths @ v
    jacobian = np.array([_field(M, one, WEIGHT) for one in np.eye(2 * PLAYERS)]).T
    expected = np.concatenate([-WEIGHT * strengths**2 + sign * 1j * strengths for sign in (1, -1)])
    found = np.linalg.eigvals(jacobian)
    error = np.abs(found[:, None] - expected[None, :])
    start, steps = trial.rng.normal(size=2 * PLAYERS), trial.cut(STEPS)
    return {
        "error": float(max(error.min(axis=0).max(), error.min(axis=1).max())),
        "step": list(range(0, steps + 1, 5)),
        "plain": _distances(M, start, 0.0, steps),
        "consensus": _distances(M, start, WEIGHT, steps),
    }


def _field(M: Floats, place: Floats, weight: float) -> Floats:
    """The way of both players at ``place``: down f and -f in x and y, and down weight/2 |both slopes|^2."""
    x, y = (tensor(part) for part in np.split(place, 2))
    f = total((x @ tensor(M)) * y)
    down: list[Tensor] = grad(f, [x, y], create_graph=True)
    way = concatenate([-down[0], down[1]])
    agreed = concatenate(grad(total(square(way)), [x, y]))
    found: Floats = way.numpy() - weight / 2 * agreed.numpy()
    return found


def _distances(M: Floats, start: Floats, weight: float, steps: int) -> list[float]:
    """The distance from the equilibrium at 0 after every fifth step, simultaneous ones."""
    places = [start]
    for _ in range(steps):
        places.append(places[-1] + RATE * _field(M, places[-1], weight))
    distances: list[float] = np.linalg.norm(places, axis=1)[::5].tolist()
    return distances


CLAIM = Claim(
    says="Consensus optimisation adds -weight s² to each eigenvalue ± i s of a game, so that it converges.",
    source="Mescheder et al. 2017, section 4; documents 003 (optimizers made for equilibria)",
    measured="the eigenvalues of the engine's updates in random zero-sum games x M y of four weights each, "
    "where s are M's singular values, against the formula; the picture has 500 steps of both ways.",
    refuted_by="an eigenvalue that is off.",
    effect=identity("error", "largest error of an eigenvalue", 1e-9),
    measure=measure,
    picture=curves(
        "step", "distance", {"plain": "gradient descent", "consensus": "consensus, weight 1"}, log=True
    ),
)
