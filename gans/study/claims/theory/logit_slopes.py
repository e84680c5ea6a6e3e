"""The slopes of G's two losses in D's logit: -D for minimax, -(1 - D) for the other one."""

from __future__ import annotations

import numpy as np

from gans.objectives import non_saturating, saturating
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import grad, tensor


def measure(trial: Trial) -> Numbers:
    """The engine's derivatives at logits from -6 to 6, against the formulas."""
    logits = np.sort(trial.rng.uniform(-6, 6, 61))[:, None]
    d = 1 / (1 + np.exp(-logits))
    v, n = tensor(logits), len(logits)
    (minimax,) = grad(saturating(v), [v])
    (other,) = grad(non_saturating(v), [v])
    errors = np.abs(n * minimax.numpy() + d), np.abs(n * other.numpy() + (1 - d))
    return {
        "error": float(max(error.max() for error in errors)),
        "logit": np.linspace(-6, 6, 61).tolist(),
        "minimax": np.interp(np.linspace(-6, 6, 61), logits[:, 0], -n * minimax.numpy()[:, 0]).tolist(),
        "other": np.interp(np.linspace(-6, 6, 61), logits[:, 0], -n * other.numpy()[:, 0]).tolist(),
    }


CLAIM = Claim(
    says="In D's logit of a sample, minimax has the slope -D(G(z)), the non-saturating loss -(1 - D(G(z))).",
    source="Goodfellow et al. 2014, section 3; the derivatives of log(1 - D) and -log D",
    measured="the engine's derivatives of both losses at 61 random logits from -6 to 6.",
    refuted_by="a derivative that differs from its formula.",
    effect=identity("error", "largest error of a slope", 1e-12),
    measure=measure,
    picture=curves(
        "logit",
        "size of the slope",
        {"minimax": "minimax", "other": "non-saturating"},
        over="D's logit of G(z)",
    ),
)
