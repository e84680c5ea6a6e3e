"""D trained to completion on few samples learns them by heart."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gans.networks.mlp import point_discriminator
from gans.objectives import binary_cross_entropy
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from gans.updates import descend
from minigrad import no_grad, tensor
from minigrad.optim import Adam


def measure(trial: Trial) -> Numbers:
    """D's accuracy on 50 real and 50 generated points of one distribution, and on fresh ones."""
    mg.manual_seed(trial.seed)
    D = point_discriminator(2, 128, 2)
    adam = Adam(D.parameters(), lr=1e-3)
    real, fake, more_real, more_fake = (
        tensor(trial.rng.standard_normal((n, 2)), np.float32) for n in (50, 50, 1_000, 1_000)
    )
    updates, own, fresh = trial.cut(1_000, 10), [], []
    for update in range(1, updates + 1):
        descend(binary_cross_entropy(D(real), D(fake)), adam)
        if update % max(1, updates // 10) == 0:
            trial.check()
            with no_grad():
                own.append(_accuracy(D(real).numpy(), D(fake).numpy()))
                fresh.append(_accuracy(D(more_real).numpy(), D(more_fake).numpy()))
    return {
        "gap": own[-1] - fresh[-1],
        "update": (np.arange(1, len(own) + 1) * (updates // 10 or 1)).tolist(),
        "own": own,
        "fresh": fresh,
    }


def _accuracy(on_real: np.ndarray, on_fake: np.ndarray) -> float:
    return float(((on_real > 0).mean() + (on_fake <= 0).mean()) / 2)


CLAIM = Claim(
    says="Training D to completion on a finite set overfits.",
    source="Goodfellow et al. 2014, section 4; documents 000 and 004",
    measured="D's accuracy on its 50 + 50 points over that on fresh ones after 1,000 updates, where data and "
    "samples have one distribution and the best D is a half.",
    refuted_by="a gap below 0.2.",
    effect=Effect(name="gap", words="gap of the accuracies", at_least=0.2),
    measure=measure,
    picture=curves(
        "update", "accuracy", {"own": "its points", "fresh": "fresh points"}, over="updates of D", line=0.5
    ),
)
