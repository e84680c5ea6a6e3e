"""Parzen windows: the likelihood of test points under a Gaussian around each sample."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, as_numbers, as_pair
from gans.metrics.distances import squared_distance_blocks

__all__ = ["ParzenEstimate", "parzen_estimate", "parzen_log_likelihood"]


class ParzenEstimate(NamedTuple):
    """Mean log-likelihood of the test points in nats, its standard error, and the width that was chosen."""

    log_likelihood: float
    standard_error: float
    sigma: float


def parzen_log_likelihood(points: ArrayLike, samples: ArrayLike, sigma: float) -> Float64Array:
    """log p of each point under the mean of Gaussians around the samples; (n,), in nats.

        log p(x) = log (1/m) sum_j exp(-|x - s_j|^2 / (2 sigma^2)) - d log(sigma sqrt(2 pi))

    points (n, d), samples (m, d). The estimate is poor in many dimensions, and may rank models in the wrong
    order (Theis et al. 2016); it serves to repeat what was published with it.

    >>> float(parzen_log_likelihood([[0.0]], [[0.0], [0.0]], sigma=1.0)[0].round(4))  # that of N(0, 1) at 0
    -0.9189

    Raises ValueError for shapes that do not fit, or sigma <= 0.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma must be positive, got {sigma}")
    x, y = as_pair(points, samples, ("points", "samples"))
    x, y = x.astype(np.float64), y.astype(np.float64)
    found = np.empty(len(x))
    for rows, block, _ in squared_distance_blocks(x, y):
        exponents = block / (-2 * sigma**2)
        peak = exponents.max(axis=1)
        found[rows] = peak + np.log(np.exp(exponents - peak[:, None]).mean(axis=1))
    likelihood: Float64Array = found - x.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
    return likelihood


def parzen_estimate(
    samples: ArrayLike, validation: ArrayLike, test: ArrayLike, sigmas: ArrayLike | None = None
) -> ParzenEstimate:
    """Goodfellow et al.'s protocol (2014, section 5): choose sigma on validation points, report test points.

    samples (m, d), validation (k, d), test (n, d). ``sigmas`` are ten values from 0.1 to 1, evenly spaced in
    their logarithm, unless given: those of the authors' code, for pixels from 0 to 1. The standard error is
    that of the mean over the test points, std / sqrt(n).

    Raises ValueError as ``parzen_log_likelihood``.
    """
    tried = as_numbers(np.logspace(-1, 0, 10) if sigmas is None else sigmas, "sigmas")
    sigma = float(max(tried, key=lambda s: parzen_log_likelihood(validation, samples, float(s)).mean()))
    found = parzen_log_likelihood(test, samples, sigma)
    return ParzenEstimate(float(found.mean()), float(found.std() / math.sqrt(len(found))), sigma)
