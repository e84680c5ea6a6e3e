"""Against the best D, the non-saturating loss has the gradient of KL(q, p) - 2 JSD."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import random_cells
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import Tensor, grad, tensor
from minigrad.ops import log, softmax
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """Both gradients in the logits of a tabular G."""
    p, logits = random_cells(trial.rng, 20), tensor(trial.rng.normal(size=20))
    q = softmax(logits)
    d = p / (p + q.numpy())
    (of_loss,) = grad(-total(q * np.log(d)), [logits])
    middle = (q + p) * 0.5
    jsd = 0.5 * (_kl(tensor(p), middle) + _kl(q, middle))
    (of_divergence,) = grad(_kl(q, tensor(p)) - 2 * jsd, [logits])
    return {
        "error": float(np.abs(of_loss.data - of_divergence.data).max()),
        "loss": float(np.abs(of_loss.data).max()),
        "divergence": float(np.abs(of_divergence.data).max()),
    }


def _kl(a: Tensor, b: Tensor) -> Tensor:
    return total(a * (log(a) - log(b)))


CLAIM = Claim(
    says="Against the best D the non-saturating loss descends KL(q, p) - 2 JSD.",
    source="Arjovsky and Bottou 2017, theorem 2.5",
    measured="the gradient of a tabular G in the loss at a constant D*, and in the divergence.",
    refuted_by="two different gradients.",
    effect=identity("error", "largest difference of a derivative", 1e-10),
    measure=measure,
    picture=arms("largest derivative", {"loss": "-E log D*", "divergence": "KL - 2 JSD"}),
)
