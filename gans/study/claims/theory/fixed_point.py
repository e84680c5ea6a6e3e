"""Both losses of G have the data as their fixed point."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import random_cells
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import grad, tensor
from minigrad.ops import softmax
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The gradient of a tabular G in both losses, at q = p and at another q."""
    p, other = random_cells(trial.rng, 20), random_cells(trial.rng, 20)
    numbers = {}
    for place, q in (("data", p), ("other", other)):
        d = p / (p + q)
        for name, loss in (("minimax", np.log(1 - d)), ("other_loss", -np.log(d))):
            weights = tensor(np.log(q))
            (slope,) = grad(total(softmax(weights) * tensor(loss)), [weights])
            numbers[f"{name}_{place}"] = float(np.abs(slope.numpy()).max())
    return {"error": max(numbers["minimax_data"], numbers["other_loss_data"]), **numbers}


CLAIM = Claim(
    says="The non-saturating loss has the same fixed point as minimax: G = data with D = 1/2.",
    source="Goodfellow et al. 2014, section 3; documents 000",
    measured="the gradient of a tabular G in both losses against D*, at q = p and at another random q.",
    refuted_by="a gradient at q = p in either loss.",
    effect=identity("error", "largest derivative at q = p", 1e-12),
    measure=measure,
    picture=arms(
        "largest derivative",
        {
            "minimax_data": "minimax\nat q = p",
            "other_loss_data": "non-sat.\nat q = p",
            "minimax_other": "minimax\nelsewhere",
            "other_loss_other": "non-sat.\nelsewhere",
        },
    ),
)
