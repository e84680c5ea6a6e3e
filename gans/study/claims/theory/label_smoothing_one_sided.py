"""One-sided smoothing scales the best D and leaves its shape."""

from __future__ import annotations

from gans.study.board.claim import Claim, identity
from gans.study.board.labels import LABELLED, best_with_labels
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> dict[str, float | list[float]]:
    """The minimum with labels 0.9 and 0, against 0.9 p/(p + q)."""
    return best_with_labels(trial, lambda p, q: 0.9 * p / (p + q), real=0.9, fake=0.0)


CLAIM = Claim(
    says="Labels of alpha for real samples move the best D to alpha p/(p + q): one-sided smoothing scales "
    "it.",
    source="Salimans et al. 2016, section 3.4; Goodfellow 2016, section 4.2",
    measured="the minimum of the project's loss on the labels 0.9 and 0, over a free logit in each of 50 "
    "cells.",
    refuted_by="a cell whose probability is not 0.9 p/(p + q).",
    effect=identity("error", "largest error of D", 1e-9),
    measure=measure,
    picture=curves("cell", "D", LABELLED, over="cell, in order of p/(p + q)"),
)
