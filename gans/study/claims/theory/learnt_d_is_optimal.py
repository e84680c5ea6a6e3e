"""A network trained as D learns p/(p + q)."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gans.networks.mlp import point_discriminator
from gans.objectives import binary_cross_entropy
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import normal
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from gans.updates import descend
from minigrad import tensor
from minigrad.optim import Adam


def measure(trial: Trial) -> Numbers:
    """The mean distance of a trained D from D* of two Gaussians, where their samples lie."""
    mg.manual_seed(trial.seed)
    D, shift = point_discriminator(1, 32, 2), trial.rng.uniform(0.5, 1.5)
    adam = Adam(D.parameters(), lr=2e-3)
    for _ in range(trial.cut(1_000)):
        trial.check()
        real, fake = trial.rng.normal(0, 1, (256, 1)), trial.rng.normal(shift, 0.7, (256, 1))
        descend(binary_cross_entropy(D(tensor(real, np.float32)), D(tensor(fake, np.float32))), adam)
    x = np.linspace(-3, 4, 71)
    p, q = normal(x), normal(x, shift, 0.7)
    found = 1 / (1 + np.exp(-D(tensor(x[:, None], np.float32)).numpy()[:, 0].astype(np.float64)))
    apart = np.abs(found - p / (p + q))
    return {
        "distance": float(np.sum(apart * (p + q)) / np.sum(p + q)),
        "x": x.tolist(),
        "best": (p / (p + q)).tolist(),
        "found": found.tolist(),
    }


CLAIM = Claim(
    says="A network trained as D on a fixed G comes near D* = p/(p + q).",
    source="Goodfellow et al. 2014, figure 1 and algorithm 1",
    measured="the mean distance of D from D* after 1,000 updates, weighed by p + q, for two Gaussians.",
    refuted_by="a mean distance above 0.05.",
    effect=Effect(name="distance", words="mean distance from D*", at_most=0.05),
    measure=measure,
    picture=curves("x", "D", {"best": "p/(p + q)", "found": "trained D"}, over="x"),
)
