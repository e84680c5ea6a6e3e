"""The bound of f-GAN is the divergence where D is the best one."""

from __future__ import annotations

from functools import partial

import numpy as np

from gans.objectives.divergences import BOUNDS
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import Floats, newton, random_cells
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import Tensor, tensor
from minigrad.ops import sum as total


def divergences(p: Floats, q: Floats) -> dict[str, float]:
    """D_f(P || Q) = sum of q f(p / q), with f written out."""
    u = p / q
    joint = u * np.log(u) - (u + 1) * np.log(u + 1)
    f = {
        "kl": u * np.log(u),
        "reverse-kl": -np.log(u),
        "pearson": (u - 1) ** 2,
        "squared-hellinger": (np.sqrt(u) - 1) ** 2,
        "jensen-shannon": joint + (u + 1) * np.log(2),
        "gan": joint,
    }
    return {name: float(np.sum(q * values)) for name, values in f.items()}


def measure(trial: Trial) -> Numbers:
    """The largest bound over free logits, one a cell, against the divergence itself."""
    p, q = random_cells(trial.rng, 20) + 0.01, random_cells(trial.rng, 20) + 0.01
    p, q = p / p.sum(), q / q.sum()
    errors = {}
    for name, exact in divergences(p, q).items():
        loss = partial(_loss, name=name, p=p, q=q)
        best = newton(loss, np.zeros(20))
        errors[name.replace("-", "_")] = abs(-loss(tensor(best)).item() - exact)
    return {"error": max(errors.values()), **errors}


def _loss(v: Tensor, name: str, p: Floats, q: Floats) -> Tensor:
    """Minus the bound of the divergence at logits ``v``."""
    activation, conjugate = BOUNDS[name]
    return total(tensor(q) * conjugate(v) - tensor(p) * activation(v))


NAMES = ("kl", "reverse_kl", "pearson", "squared_hellinger", "jensen_shannon", "gan")

CLAIM = Claim(
    says="The variational bound of each f-divergence is the divergence itself at the best D.",
    source="Nowozin et al. 2016, equation 4 and table 2",
    measured="the largest bound over free logits in 20 cells, for six divergences, against their "
    "definitions.",
    refuted_by="a divergence that the bound misses.",
    effect=identity("error", "largest difference", 1e-9),
    measure=measure,
    picture=arms("difference", {name: name.replace("_", "\n") for name in NAMES}),
)
