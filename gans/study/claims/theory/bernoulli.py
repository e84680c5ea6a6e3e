"""D's loss is minus the log-likelihood of labels, a cross-entropy."""

from __future__ import annotations

import numpy as np

from gans.objectives import binary_cross_entropy
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import tensor


def measure(trial: Trial) -> Numbers:
    """The project's loss of D, and the likelihood of the labels as a product of probabilities."""
    real, fake = trial.rng.normal(1, 2, (40, 1)), trial.rng.normal(-1, 2, (40, 1))
    loss = binary_cross_entropy(tensor(real), tensor(fake)).item()
    logits, labels = np.concatenate([real, fake]), np.repeat([1.0, 0.0], 40)[:, None]
    d = 1 / (1 + np.exp(-logits))
    likelihood = np.prod(d**labels * (1 - d) ** (1 - labels))
    minus_log = -np.log(likelihood) / 40
    return {"error": abs(loss - minus_log), "loss": loss, "likelihood": float(minus_log)}


CLAIM = Claim(
    says="D's loss is minus the Bernoulli log-likelihood of the labels real and generated.",
    source="documents 000; Goodfellow 2016, section 3.2.1",
    measured="the loss of 40 real and 40 generated logits, and the product of their labels' probabilities.",
    refuted_by="two different numbers.",
    effect=identity("error", "difference in nats", 1e-10),
    measure=measure,
    picture=arms("nats a pair", {"loss": "D's loss", "likelihood": "-log likelihood / n"}),
)
