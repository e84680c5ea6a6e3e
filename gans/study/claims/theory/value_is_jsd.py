"""Against the best D, G's value is -log 4 + 2 JSD."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import axis, jsd, random_mixture
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import tensor
from minigrad.ops import softplus
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The value of the game at D*, from its logits, and the divergence from two KLs."""
    x = axis()
    p = random_mixture(x, trial.rng)
    p /= p.sum()
    shifts, values, divergences = np.linspace(0, 5, 11), [], []
    for shift in shifts:
        q = np.interp(x - shift, x, p, left=p[0]) + 1e-12
        q /= q.sum()
        logits = tensor(np.log(p + 1e-300) - np.log(q))
        values.append(-total(tensor(p) * softplus(-logits) + tensor(q) * softplus(logits)).item())
        divergences.append(-np.log(4) + 2 * jsd(p, q))
    return {
        "error": float(np.abs(np.subtract(values, divergences)).max()),
        "shift": shifts.tolist(),
        "value": values,
        "divergence": [float(one) for one in divergences],
    }


CLAIM = Claim(
    says="Against the best D, the value of the game is C(G) = -log 4 + 2 JSD(p, q).",
    source="Goodfellow et al. 2014, theorem 1",
    measured="the value at D*, for a random mixture on the line and copies of it that are shifted by 0 to 5.",
    refuted_by="a shift at which the two differ.",
    effect=identity("error", "largest difference in nats", 1e-9),
    measure=measure,
    picture=curves(
        "shift", "nats", {"value": "value at D*", "divergence": "-log 4 + 2 JSD"}, over="shift", line=-1.386
    ),
)
