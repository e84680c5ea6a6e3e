"""On disjoint supports the Jensen-Shannon divergence is log 2 at any distance."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.densities import axis, jsd, w1
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """JSD and W1 of two random densities on [0, 1] and on [1 + distance, 2 + distance]."""
    x = axis(-1, 12, 13_001)
    width, inside = x[1] - x[0], axis(0, 1, 400)
    heights = trial.rng.uniform(0.2, 1, 400)
    distances, js, ws = np.linspace(0.1, 8, 9), [], []
    for distance in distances:
        p = np.interp(x, inside, heights, left=0.0, right=0.0)
        q = np.interp(x - 1 - distance, inside, heights, left=0.0, right=0.0)
        p, q = p / (p.sum() * width), q / (q.sum() * width)
        js.append(jsd(p, q, width))
        ws.append(w1(p, q, width))
    return {
        "error": float(np.abs(np.subtract(js, np.log(2))).max()),
        "distance": distances.tolist(),
        "js": js,
        "w1": ws,
    }


CLAIM = Claim(
    says="Where supports do not meet, the Jensen-Shannon divergence is log 2 however far apart they are.",
    source="Arjovsky et al. 2017, example 1; documents 003",
    measured="the divergence of a random density on an interval and of its copy 0.1 to 8 further on.",
    refuted_by="a distance at which it is not log 2.",
    effect=identity("error", "largest distance from log 2", 1e-9),
    measure=measure,
    picture=curves("distance", "nats, or length", {"js": "JSD", "w1": "W1"}, over="distance of the supports"),
)
