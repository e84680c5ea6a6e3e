"""Two-sided smoothing leaves q in the best D, which then rewards G where it already is."""

from __future__ import annotations

from gans.study.board.claim import Claim, identity
from gans.study.board.labels import LABELLED, best_with_labels
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> dict[str, float | list[float]]:
    """The minimum with labels 0.9 and 0.1, against (0.9 p + 0.1 q)/(p + q)."""
    return best_with_labels(trial, lambda p, q: (0.9 * p + 0.1 * q) / (p + q), real=0.9, fake=0.1)


CLAIM = Claim(
    says="Labels of alpha and beta on both sides move the best D to (alpha p + beta q)/(p + q).",
    source="Salimans et al. 2016, section 3.4; Goodfellow 2016, section 4.2",
    measured="the minimum of the project's loss on the labels 0.9 and 0.1, over a free logit in each of 50 "
    "cells.",
    refuted_by="a cell whose probability is not (0.9 p + 0.1 q)/(p + q).",
    effect=identity("error", "largest error of D", 1e-9),
    measure=measure,
    picture=curves("cell", "D", LABELLED, over="cell, in order of p/(p + q)"),
)
