"""D learning against a fixed G, as Arjovsky and Bottou 2017 do in their figures 2 and 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import minigrad as mg
from gans.networks.mlp import point_discriminator, point_generator
from gans.objectives import binary_cross_entropy, non_saturating, saturating
from gans.study.board.pictures import curves
from gans.study.board.toys import ring8
from gans.study.board.trial import Trial
from gans.updates import descend
from minigrad import Tensor, grad, tensor
from minigrad.optim import Adam, gradient_norm

__all__ = ["NORMS", "norms_as_d_learns"]

PLACES = (1, 10, 30, 100, 300, 1_000, 4_000)
"""The updates of D after which G's gradient is measured."""

NORMS = curves(
    "updates",
    "norm of G's gradient",
    {"minimax": "minimax", "other": "non-saturating"},
    over="updates of D",
    log=True,
    log_x=True,
)
"""The picture of ``norms_as_d_learns``."""


def norms_as_d_learns(trial: Trial, last: int = 1_000) -> dict[str, list[float]]:
    """The norm of the gradient of an untrained G's weights in both losses, as a new D learns.

    ``minimax`` and ``other`` (the non-saturating loss) are curves over ``last`` ``updates`` of D on the ring.
    """
    mg.manual_seed(trial.seed)
    toy, G, D = ring8(), point_generator(2, 2, 64, 2), point_discriminator(2, 64, 2)
    adam, minimax, other = Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999)), list[float](), list[float]()
    probe = tensor(trial.rng.standard_normal((512, 2)), np.float32)
    places = [place for place in PLACES if place <= trial.cut(last, 10)]
    for update in range(1, places[-1] + 1):
        trial.check()
        z = tensor(trial.rng.standard_normal((128, 2)), np.float32)
        loss = binary_cross_entropy(D(tensor(toy.sample(128, trial.rng))), D(G(z).detach()))
        descend(loss, adam)
        if update in places:
            on_fake = D(G(probe))
            minimax.append(_norm(saturating(on_fake), G.parameters()))
            other.append(_norm(non_saturating(on_fake), G.parameters()))
    return {"updates": [float(place) for place in places], "minimax": minimax, "other": other}


def _norm(loss: Tensor, weights: Sequence[Tensor]) -> float:
    return max(gradient_norm(grad(loss, weights)).item(), 1e-20)
