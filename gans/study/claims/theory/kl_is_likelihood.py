"""Minimising KL is maximum likelihood."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import random_cells
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import grad, tensor
from minigrad.ops import log_softmax
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The gradients of minus the mean log-likelihood of draws, and of KL from their shares."""
    drawn = trial.rng.choice(12, trial.cut(500, 100), p=random_cells(trial.rng, 12))
    shares = np.bincount(drawn, minlength=12) / len(drawn)
    logits = tensor(trial.rng.normal(size=12))
    log_q, held = log_softmax(logits), shares > 0
    (of_likelihood,) = grad(-total(log_q[drawn]) * (1 / len(drawn)), [logits])
    kl = total(tensor(shares[held]) * (np.log(shares[held]) - log_q[np.flatnonzero(held)]))
    (of_kl,) = grad(kl, [logits])
    return {
        "error": float(np.abs(of_likelihood.data - of_kl.data).max()),
        "likelihood": float(np.abs(of_likelihood.data).max()),
        "kl": float(np.abs(of_kl.data).max()),
    }


CLAIM = Claim(
    says="Maximum likelihood minimises KL(data, model).",
    source="documents 004; Goodfellow 2016, section 2.1",
    measured="the gradient of the mean log-likelihood of draws, and of KL, in the logits of 12 cells.",
    refuted_by="two different gradients.",
    effect=identity("error", "largest difference of a derivative", 1e-12),
    measure=measure,
    picture=arms("largest derivative", {"likelihood": "likelihood", "kl": "KL"}),
)
