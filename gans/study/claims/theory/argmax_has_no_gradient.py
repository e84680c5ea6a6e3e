"""No gradient passes the choice of a token."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """Differences of a score of the chosen token, and of the mean score, as each logit moves a little."""
    logits, scores, move = trial.rng.normal(size=(50, 8)), trial.rng.normal(size=8), 1e-4
    chosen, mean = [0.0], [0.0]
    for token in range(8):
        moved = logits + move * (np.arange(8) == token)
        chosen.append(float(np.abs(_hard(moved, scores) - _hard(logits, scores)).max() / move))
        mean.append(float(np.abs(_soft(moved, scores) - _soft(logits, scores)).max() / move))
    return {"error": max(chosen), "chosen": max(chosen), "mean": max(mean)}


def _hard(logits: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.asarray(scores[logits.argmax(axis=1)])


def _soft(logits: np.ndarray, scores: np.ndarray) -> np.ndarray:
    weights = np.exp(logits)
    return np.asarray(weights @ scores / weights.sum(axis=1))


CLAIM = Claim(
    says="Through argmax and one-hot no gradient reaches the logits, so a GAN cannot learn tokens that way.",
    source="documents 003; Yu et al. 2017, section 1",
    measured="the change of a score of the chosen token over that of a logit, for 50 rows of 8 random "
    "logits.",
    refuted_by="any change.",
    effect=identity("error", "largest slope", 0.0),
    measure=measure,
    picture=arms("largest slope", {"chosen": "chosen token", "mean": "mean over tokens"}),
)
