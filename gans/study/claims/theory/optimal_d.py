"""For a fixed G the best D is p/(p + q)."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import newton, random_cells
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import Tensor, tensor
from minigrad.ops import softplus
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The minimum of D's loss over free logits, one a cell, found with the engine's derivatives."""
    p, q = random_cells(trial.rng), random_cells(trial.rng)
    of_p, of_q = tensor(p), tensor(q)

    def loss_d(logits: Tensor) -> Tensor:
        return total(of_p * softplus(-logits) + of_q * softplus(logits))

    found = 1 / (1 + np.exp(-newton(loss_d, np.zeros(len(p)), trial.cut(60, 60))))
    best = p / (p + q)
    order = np.argsort(best)
    return {
        "error": float(np.abs(found - best).max()),
        "cell": list(range(len(p))),
        "best": best[order].tolist(),
        "found": found[order].tolist(),
    }


CLAIM = Claim(
    says="For a fixed G the best D is D*(x) = p(x)/(p(x) + q(x)).",
    source="Goodfellow et al. 2014, proposition 1",
    measured="D's loss is minimised over a free logit in each of 50 cells with random probabilities p and q.",
    refuted_by="a cell whose probability at the minimum is not p/(p + q).",
    effect=identity("error", "largest error of D", 1e-12),
    measure=measure,
    picture=curves("cell", "D", {"best": "p/(p + q)", "found": "at the minimum"}, over="cell, in order of D"),
)
