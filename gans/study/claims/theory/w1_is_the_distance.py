"""W1 of a distribution and its shifted copy is the shift."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from gans.metrics import wasserstein_1d
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """W1 of points and their shifted copy, by the sorted points and by the best of all ways of transport."""
    points = trial.rng.normal(size=7)
    shifts = np.linspace(0, 6, 7)
    sorted_way = [wasserstein_1d(points, points + shift) for shift in shifts]
    ways = np.array(list(permutations(range(7))))
    best = [float(np.abs(points - (points + shift)[ways]).mean(axis=1).min()) for shift in shifts]
    errors = np.abs(sorted_way - shifts), np.abs(best - shifts)
    return {
        "error": float(np.max(errors)),
        "shift": shifts.tolist(),
        "w1": sorted_way,
        "transport": best,
    }


CLAIM = Claim(
    says="Where the divergences say nothing, W1 is the distance: of a distribution and its copy, the shift.",
    source="Arjovsky et al. 2017, example 1",
    measured="W1 of seven random points and their copy, from sorted points and from all 5,040 transports.",
    refuted_by="a shift that differs from W1.",
    effect=identity("error", "largest error", 1e-9),
    measure=measure,
    picture=curves("shift", "W1", {"w1": "sorted points", "transport": "best transport"}, over="shift"),
)
