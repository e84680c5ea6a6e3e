"""REINFORCE gives, on average, the gradient that argmax hides."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import grad, tensor
from minigrad.ops import log_softmax, softmax
from minigrad.ops import sum as total

COUNTS = (100, 400, 1_600, 6_400, 25_600)


def measure(trial: Trial) -> Numbers:
    """The estimate's relative error against the exact gradient of the mean score, by samples."""
    rows, scores = trial.rng.normal(size=8), trial.rng.normal(size=8)
    logits = tensor(rows)
    (exact,) = grad(total(softmax(logits) * scores), [logits])
    probabilities, errors = softmax(logits).numpy(), []
    for count in COUNTS:
        drawn = np.bincount(trial.rng.choice(8, trial.cut(count, 10), p=probabilities), minlength=8)
        (estimate,) = grad(total(log_softmax(logits) * (drawn / drawn.sum() * scores)), [logits])
        errors.append(float(np.linalg.norm(estimate.data - exact.data) / np.linalg.norm(exact.data)))
    return {"last": errors[-1], "count": list(COUNTS), "error": errors}


CLAIM = Claim(
    says="REINFORCE estimates the gradient through a choice of tokens without bias.",
    source="Williams 1992; Yu et al. 2017, section 3",
    measured="the relative error of 25,600 samples' estimate against the exact gradient, for 8 tokens.",
    refuted_by="an error above 5%.",
    effect=Effect(name="last", words="relative error", at_most=0.05),
    measure=measure,
    picture=curves("count", "relative error", {"error": ""}, over="samples", log=True, log_x=True),
    seeds=10,
)
