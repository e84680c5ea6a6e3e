"""The best D for labels that are smoothed or flipped, found with the loss of D here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gans.study.board.densities import Floats, newton, random_cells
from gans.study.board.trial import Trial
from minigrad import Tensor
from minigrad.ops import binary_cross_entropy_with_logits, stack
from minigrad.ops import sum as total

__all__ = ["LABELLED", "best_with_labels"]

LABELLED = {"plain": "p/(p + q)", "expected": "formula", "found": "at the minimum"}
"""The curves of ``best_with_labels``."""


def best_with_labels(
    trial: Trial,
    expected: Callable[[Floats, Floats], Floats],
    *,
    real: float,
    fake: float,
    flips: float = 0.0,
) -> dict[str, float | list[float]]:
    """The D that minimises the loss on labels ``real`` and ``fake`` in 50 cells, and its error.

    A share ``flips`` of the samples has the other kind's label.
    """
    p, q = random_cells(trial.rng), random_cells(trial.rng)
    shares = ((p, real, 1 - flips), (q, fake, 1 - flips), (p, fake, flips), (q, real, flips))

    def loss(logits: Tensor) -> Tensor:
        parts = [
            binary_cross_entropy_with_logits(logits, label, share * weights, reduction="sum")
            for weights, label, share in shares
        ]
        return total(stack(parts))

    found = 1 / (1 + np.exp(-newton(loss, np.zeros(len(p)))))
    wanted, order = expected(p, q), np.argsort(p / (p + q))
    return {
        "error": float(np.abs(found - wanted).max()),
        "cell": list(range(len(p))),
        "plain": (p / (p + q))[order].tolist(),
        "expected": wanted[order].tolist(),
        "found": found[order].tolist(),
    }
