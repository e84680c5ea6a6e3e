"""The least value against the best D is -log 4, and only q = p reaches it."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import Floats, random_cells
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The value above -log 4 at q = p, which should be 0, and between p and another q, which should not."""
    p, other = random_cells(trial.rng), random_cells(trial.rng)
    shares = np.logspace(-4, 0, 17)
    excess = [excess_of(p, (1 - share) * p + share * other) for share in shares]
    at_p = abs(excess_of(p, p))
    return {
        "error": at_p if min(excess) > 10 * at_p else 1.0,
        "share": shares.tolist(),
        "excess": excess,
    }


def excess_of(p: Floats, q: Floats) -> float:
    """The value of the game at the best D, above -log 4."""
    d = p / (p + q)
    return float(np.sum(p * np.log(d) + q * np.log(1 - d)) + np.log(4))


CLAIM = Claim(
    says="The least value against the best D is -log 4, reached if and only if q = p.",
    source="Goodfellow et al. 2014, theorem 1",
    measured="the value above -log 4 at q = p, and at 17 mixtures of p with another random q.",
    refuted_by="another value than -log 4 at q = p, or a mixture that is not above it (then the error is 1).",
    effect=identity("error", "error at q = p", 1e-12),
    measure=measure,
    picture=curves("share", "value + log 4", {"excess": ""}, over="share of another q", log=True, log_x=True),
)
