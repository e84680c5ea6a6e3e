"""Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import as_pair
from gans.metrics.distances import ball_hits, nearest

NEIGHBOURS = 5
"""The default of k."""


@dataclass(frozen=True)
class ManifoldScores:
    """Fidelity (``precision``, ``density``) and diversity (``recall``, ``coverage``) of ``k`` neighbours."""

    precision: float
    recall: float
    density: float
    coverage: float
    k: int


def manifold_scores(real: ArrayLike, fake: ArrayLike, k: int = NEIGHBOURS) -> ManifoldScores:
    """Compare two sets of features, real (n, d) and fake (m, d), through balls around their points.

    B(x) is the closed ball around x that reaches to its k-th nearest neighbour in its own set (x itself
    excluded).

        precision = mean_j [fake_j in B(real_i) for some i]         in [0, 1]   Kynkaanniemi 2019, eq. 1-2
        recall    = mean_i [real_i in B(fake_j) for some j]         in [0, 1]   Kynkaanniemi 2019, eq. 1-2
        density   = sum_ij [fake_j in B(real_i)] / (k m)            >= 0        Naeem 2020, eq. 4
        coverage  = mean_i [fake_j in B(real_i) for some j]         in [0, 1]   Naeem 2020, eq. 5

    Use sets of equal size: recall falls and coverage rises with m / n. For two samples of one distribution
    with n = m, coverage tends to 1 - 2^-k, not 1, and density to 1 (Naeem 2020, section 3.3). Memory stays
    bounded; time is O(n m d). Raises ValueError for shapes that do not fit or fewer than k + 1 samples in a
    set.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    x, y = as_pair(real, fake, ("real", "fake"), at_least=k + 1)
    real_radii = nearest(x, x, k, same_set=True)[0][:, -1]
    fake_radii = nearest(y, y, k, same_set=True)[0][:, -1]
    balls_per_fake, fakes_per_ball = ball_hits(x, real_radii, y)
    balls_per_real, _ = ball_hits(y, fake_radii, x)
    return ManifoldScores(
        precision=float(np.mean(balls_per_fake > 0)),
        recall=float(np.mean(balls_per_real > 0)),
        density=float(balls_per_fake.sum() / (k * len(y))),
        coverage=float(np.mean(fakes_per_ball > 0)),
        k=k,
    )
