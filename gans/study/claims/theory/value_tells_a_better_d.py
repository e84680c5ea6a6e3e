"""The value is never above 0, and nearer 0 for a better D."""

from __future__ import annotations

import numpy as np

from gans.metrics import rank_correlation
from gans.objectives import binary_cross_entropy
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import tensor


def measure(trial: Trial) -> Numbers:
    """The value and the accuracy of 40 linear D of random direction and strength, between two clouds."""
    real, fake = trial.rng.normal(1, 1, (500, 2)), trial.rng.normal(-1, 1, (500, 2))
    values, accuracies = [], []
    for _ in range(40):
        slope = trial.rng.normal(0, 1, (2, 1))
        on_real, on_fake = real @ slope, fake @ slope
        values.append(-binary_cross_entropy(tensor(on_real), tensor(on_fake)).item())
        accuracies.append(float(((on_real > 0).mean() + (on_fake < 0).mean()) / 2))
    order = np.argsort(accuracies)
    return {
        "correlation": rank_correlation(values, accuracies),
        "largest": max(values),
        "place": list(range(40)),
        "value": [values[i] for i in order],
        "accuracy": [accuracies[i] for i in order],
    }


CLAIM = Claim(
    says="V is at most 0, and a V nearer to 0 means a better D.",
    source="documents 003",
    measured="the rank correlation of V and accuracy over 40 random linear D between two Gaussians.",
    refuted_by="a correlation below 0.8.",
    effect=Effect(name="correlation", words="rank correlation", at_least=0.8),
    measure=measure,
    picture=curves(
        "place", "value; accuracy", {"value": "V", "accuracy": "accuracy"}, over="D, by accuracy", line=0.0
    ),
)
