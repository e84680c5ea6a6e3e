"""Dirac-GAN: the eigenvalues of ways of training at the equilibrium (Mescheder et al. 2018).

The data are one point at 0, G makes one point theta, and D(x) = psi x. Around the equilibrium (0, 0) an
update of both players is a linear map A, fitted here to updates from points near by. With the learning rate h
(A - I)/h becomes the Jacobian of the paper's vector field as h falls; the fits at two rates give that limit.
If its eigenvalues have negative real parts, training converges; if they have none, it orbits. At a rate of
0.2, that of the paper's figure, the radius of A says whether our alternating updates converge: below 1 they
do.

Published: Mescheder, Geiger and Nowozin 2018, Which training methods for GANs do actually converge?,
f(t) = -log(1 + exp(-t)). The formula of the penalty R1 stands in the authors' notebook; the others follow
from the vector fields. WGAN-GP's field has a jump at psi = 0 and no eigenvalues: no linear map fits. Noise of
standard deviation s is two points at -s and s, the Gauss-Hermite rule, which is exact to second order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.objectives import (
    Objective,
    hinge,
    least_squares,
    minimax,
    non_saturating_gan,
    r1_penalty,
    r2_penalty,
    relativistic,
    wasserstein,
    wasserstein_div,
    wasserstein_gp,
)
from gans.objectives.objective import Penalty
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.trial import Trial
from gans.steps import discriminator_step, generator_step
from gans.updates import descend
from minigrad import Tensor, grad, modify, nn
from minigrad.ops import square, sum
from minigrad.optim import SGD

__all__ = ["DIRAC"]

RATE, FIGURE_RATE = 1e-5, 0.2
RADIUS = 1e-5
"""The distance of the fitted points from the equilibrium."""

LARGEST_MISFIT = 0.01
"""From here on the map is not linear, and has no eigenvalues."""


class Shift(nn.Module):
    """G: z + theta, which is theta since z is 0 here."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(np.zeros((1, 1)))

    def forward(self, z: Tensor) -> Tensor:
        return z + self.theta


class Slope(nn.Module):
    """D: psi (x + noise), with a point of the noise for each row of x."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(np.zeros((1, 1)))
        self.noise = np.array([[noise], [-noise]])

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.noise) * self.psi


@dataclass
class Players:
    """Both players with their optimizers, and the data that they train on."""

    objective: Objective
    G: Shift
    D: Slope
    sgd_g: SGD
    sgd_d: SGD
    real: Tensor
    z: Tensor


Update = Callable[[Players], object]


def alternating(players: Players) -> None:
    """An update of D, then one of G: those of every GAN of two players here."""
    G, D, objective, z = players.G, players.D, players.objective, players.z
    discriminator_step(G, D, players.sgd_d, objective, players.real, z, np.random.default_rng(0))
    generator_step(G, D, players.sgd_g, objective, z, players.real)


def consensus(weight: float) -> Update:
    """The same with weight/2 |v|^2 in both losses, v the gradients of both (Mescheder et al. 2017)."""

    def update(players: Players) -> None:
        for optimizer, own in ((players.sgd_d, 0), (players.sgd_g, 1)):
            losses = _losses(players)
            parameters = (players.D.psi, players.G.theta)
            field = [
                grad(loss, [p], create_graph=True)[0] for loss, p in zip(losses, parameters, strict=True)
            ]
            penalty = sum(square(field[0])) + sum(square(field[1]))
            descend(losses[own] + weight / 2 * penalty, optimizer)

    return update


def _losses(players: Players) -> tuple[Tensor, Tensor]:
    """The losses of D and of G as functions of both players' weights."""
    on_real, on_fake = players.D(players.real), players.D(players.G(players.z))
    return players.objective.discriminator(on_real, on_fake), players.objective.generator(on_fake)


def penalised(penalty: Penalty) -> Objective:
    """Minimax with a penalty."""
    return replace(minimax(), penalty=penalty)


def fitted(
    objective: Objective, update: Update, noise: float, rate: float
) -> tuple[NDArray[np.float64], float]:
    """The matrix of ``update`` minus one over ``rate``, and the share of the update that it leaves."""
    starts = RADIUS * np.array([[np.cos(a), np.sin(a)] for a in 2 * np.pi * (np.arange(16) + 0.5) / 16])
    moves = np.array([_moved(start, objective, update, noise, rate) for start in starts])
    matrix = np.linalg.lstsq(starts, moves / rate, rcond=None)[0].T
    left = moves / rate - starts @ matrix.T
    return matrix.astype(np.float64), float(np.linalg.norm(left) / np.linalg.norm(moves / rate))


def _moved(
    start: NDArray[np.float64], objective: Objective, update: Update, noise: float, rate: float
) -> NDArray[np.float64]:
    """How one update moves (psi, theta)."""
    G, D = Shift(), Slope(noise)
    modify(D.psi, _fill, float(start[0]))
    modify(G.theta, _fill, float(start[1]))
    sgd_g, sgd_d = SGD([G.theta], lr=rate), SGD([D.psi], lr=rate)
    update(Players(objective, G, D, sgd_g, sgd_d, Tensor(np.zeros((2, 1))), Tensor(np.zeros((2, 1)))))
    return np.array([D.psi.item(), G.theta.item()]) - start


def _fill(weight: NDArray[Any], value: float) -> None:
    weight.fill(value)


def measure(
    objective: Objective, trial: Trial, *, update: Update = alternating, noise: float = 0.0
) -> dict[str, float | None]:
    """The eigenvalue with the largest real part, a linear map's misfit, and the radius at a rate of 0.2."""
    coarse, misfit = fitted(objective, update, noise, RATE)
    fine, _ = fitted(objective, update, noise, RATE / 2)
    field = 2 * fine - coarse
    if misfit > LARGEST_MISFIT:
        return {"real": None, "imaginary": None, "radius": None, "misfit": misfit}
    first = max(np.linalg.eigvals(field), key=lambda value: (round(value.real, 6), value.imag))
    step, _ = fitted(objective, update, noise, FIGURE_RATE)
    radius = np.abs(np.linalg.eigvals(np.eye(2) + FIGURE_RATE * step)).max()
    return {"real": first.real, "imaginary": first.imag, "radius": float(radius), "misfit": misfit}


def row(
    label: str,
    objective: Objective,
    eigenvalue: complex | None = None,
    *,
    update: Update = alternating,
    noise: float = 0.0,
) -> Row:
    """A row of the table, with the published eigenvalue if there is one."""
    published = (
        {"real": Published(eigenvalue.real), "imaginary": Published(eigenvalue.imag)}
        if eigenvalue is not None
        else {}
    )
    return Row(label, partial(measure, objective, update=update, noise=noise), published, minutes=0.01)


MINIMAX = minimax()

DIRAC = Experiment(
    title="Dirac-GAN: eigenvalues at the equilibrium",
    paper="Mescheder et al. 2018",
    protocol=(
        "One point of data at 0, G makes a point theta, D(x) = psi x. A linear map is fitted to updates "
        "around the equilibrium; over a falling learning rate it becomes the Jacobian of the paper's "
        "vector field. The figure is its eigenvalue with the largest real part: below 0 training "
        "converges, at 0 it orbits. The radius is that of an alternating update at a rate of 0.2: below 1 "
        "it converges. The misfit is the share of the updates that the map leaves; WGAN-GP has no such "
        "map, since its field jumps at psi = 0."
    ),
    source="the formula of R1 in the authors' notebook; the others follow from the paper's vector fields.",
    spread="none, nothing is random",
    settings={"f": "-log(1 + exp(-t))", "optimizer": "SGD", "updates": "alternating, one of D and one of G"},
    figures={
        "real": Figure("real part", 4),
        "imaginary": Figure("imaginary part", 4),
        "radius": Figure("radius at 0.2", 4),
        "misfit": Figure("misfit", 4),
    },
    rows={
        "minimax": row("GAN, minimax", MINIMAX, 0.5j),
        "non-saturating": row("GAN, non-saturating", non_saturating_gan(), 0.5j),
        "wgan": row("WGAN, clip 1", wasserstein(1.0), 1j),
        "wgan-gp": row("WGAN-GP, weight 0.7, target 1", wasserstein_gp(0.7)),
        "noise": row("instance noise, standard deviation 0.7", MINIMAX, -0.1225 + 0.485j, noise=0.7),
        "r1-small": row("R1, weight 0.3", penalised(r1_penalty(0.3)), -0.15 + 0.477j),
        "r1-critical": row("R1, weight 1", penalised(r1_penalty(1.0)), -0.5 + 0j),
        "r2-small": row("R2, weight 0.3", penalised(r2_penalty(0.3)), -0.15 + 0.477j),
        "hinge": row("hinge", hinge()),
        "least-squares": row("LSGAN, codes -1, 1 and 1", least_squares(-1.0, 1.0, 1.0)),
        "relativistic": row("relativistic", relativistic()),
        "wgan-div": row("WGAN-div", wasserstein_div()),
        "consensus": row("consensus optimisation, weight 1", MINIMAX, -0.25 + 0.5j, update=consensus(1.0)),
    },
)  # fmt: skip
