"""Flipped labels are two-sided smoothing, on average."""

from __future__ import annotations

from gans.study.board.claim import Claim, identity
from gans.study.board.labels import LABELLED, best_with_labels
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> dict[str, float | list[float]]:
    """The minimum of the mean over flips, against the formula of two-sided smoothing."""
    return best_with_labels(trial, lambda p, q: (0.8 * p + 0.2 * q) / (p + q), real=1.0, fake=0.0, flips=0.2)


CLAIM = Claim(
    says="A share of flipped labels moves the best D as two-sided smoothing does: ((1 - s) p + s q)/(p + q).",
    source="documents 003 (flipped labels as a trick); the formula follows from the loss",
    measured="the minimum of the project's loss averaged over 20% of flipped labels, over a free logit in "
    "each of 50 cells.",
    refuted_by="a cell whose probability is not (0.8 p + 0.2 q)/(p + q).",
    effect=identity("error", "largest error of D", 1e-9),
    measure=measure,
    picture=curves("cell", "D", LABELLED, over="cell, in order of p/(p + q)"),
)
