"""Where supports do not meet, JSD has no gradient, and W1 has the slope 1."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import axis, jsd, w1
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The slopes of both in the shift of a random density, from differences."""
    x = axis(-1, 8, 9_001)
    width, heights, shift = x[1] - x[0], trial.rng.uniform(0.2, 1, 300), trial.rng.uniform(2, 5)

    def at(place: float) -> np.ndarray:
        density = np.interp(x - place, np.linspace(0, 1, 300), heights, left=0.0, right=0.0)
        return np.asarray(density / (density.sum() * width))

    p, move = at(0.0), 0.1
    js = (jsd(p, at(shift + move), width) - jsd(p, at(shift), width)) / move
    w = (w1(p, at(shift + move), width) - w1(p, at(shift), width)) / move
    return {"error": max(abs(js), abs(w - 1)), "js": js, "w1": w}


CLAIM = Claim(
    says="On disjoint supports JSD gives G no gradient at all, and W1 a constant one.",
    source="Arjovsky et al. 2017, example 1; documents 003",
    measured="the slopes of JSD and W1 in the shift of a random density, against 0 and 1.",
    refuted_by="another slope.",
    effect=identity("error", "largest error of a slope", 1e-3),
    measure=measure,
    picture=arms("slope in the shift", {"js": "JSD", "w1": "W1"}, line=0.0),
)
