"""Mode coverage on mixtures of Gaussians, as PacGAN defines it (Lin et al. 2018, section 4.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import IntArray, as_pair
from gans.metrics.distances import nearest
from gans.metrics.diversity import entropy


@dataclass(frozen=True)
class ModeCoverage:
    """How points spread over the modes of a mixture; ``mode_coverage`` defines the figures.

    ``covered`` of ``modes`` modes hold a high-quality point; ``high_quality`` is the share of such points;
    ``reverse_kl`` in nats is None when there are none; ``counts`` (modes,) are the high-quality points per
    mode.
    """

    covered: int
    modes: int
    high_quality: float
    reverse_kl: float | None
    counts: IntArray
    samples: int


def mode_coverage(
    samples: ArrayLike, modes: ArrayLike, std: ArrayLike, *, within: float = 3.0
) -> ModeCoverage:
    """Assign each point to its nearest mode and judge it there.

    samples (n, d), modes (k, d), std a number or one per mode (k,). A point is of high quality when it lies
    less than ``within`` standard deviations from its mode. A mode is covered when it has at least one
    high-quality point; the paper draws 2,500 points. With p the distribution over modes of the high-quality
    points,

        reverse KL = KL(p || uniform) = log k - H(p)      in [0, log k], 0 when all modes are equally frequent

    (the real data of the ring and the grid are uniform over their modes). Even perfect samples of a mixture
    in d = 2 dimensions have a high-quality share of 1 - exp(-9/2) = 98.9%. Raises ValueError for shapes that
    do not fit or std <= 0.
    """
    points, centres = as_pair(samples, modes, ("samples", "modes"))
    spread = np.asarray(std, dtype=np.float64)
    if spread.ndim > 1 or (spread.ndim == 1 and len(spread) != len(centres)) or not (spread > 0).all():
        raise ValueError(f"std must be a positive number or {len(centres)} of them, got {std!r}")
    squared, index = nearest(points.astype(np.float64), centres.astype(np.float64))
    mode = index[:, 0]
    good = np.sqrt(squared[:, 0]) < within * np.broadcast_to(spread, len(centres))[mode]
    counts = np.bincount(mode[good], minlength=len(centres)).astype(np.int64)
    return ModeCoverage(
        covered=int(np.count_nonzero(counts)),
        modes=len(centres),
        high_quality=float(good.mean()),
        reverse_kl=max(0.0, math.log(len(centres)) - entropy(counts)) if good.any() else None,
        counts=counts,
        samples=len(points),
    )
