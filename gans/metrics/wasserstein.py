"""Exact Wasserstein-1 distances in one dimension, and their average over directions."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, as_numbers, as_pair


def wasserstein_1d(x: ArrayLike, y: ArrayLike) -> float:
    """W1 of the empirical distributions of x (n,) and y (m,): the integral of |F_x(t) - F_y(t)| dt; >= 0.

    Exact for any n and m; for n = m it is mean |x_(i) - y_(i)| over sorted values. Shapes (n, 1) are taken as
    (n,).
    """
    a, b = np.sort(as_numbers(x, "x")), np.sort(as_numbers(y, "y"))
    steps = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(a, steps[:-1], side="right") / len(a)
    below_b = np.searchsorted(b, steps[:-1], side="right") / len(b)
    return float(np.abs(below_a - below_b) @ np.diff(steps))


def wasserstein_to_gaussian(x: ArrayLike, mean: float = 0.0, std: float = 1.0) -> float:
    """W1 between the empirical distribution of x (n,) and N(mean, std^2), exact; >= 0.

        W1 = sum_i integral over u in [(i-1)/n, i/n] of |x_(i) - Q(u)| du,   Q(u) = mean + std Phi^-1(u)

    Each integral has a closed form: Q crosses x_(i) once, and the integral of Q from a to b is
    mean (b - a) - std (phi(Phi^-1(b)) - phi(Phi^-1(a))). Raises ValueError if std <= 0.
    """
    if not (math.isfinite(mean) and math.isfinite(std) and std > 0):
        raise ValueError(f"mean must be finite and std positive, got mean = {mean}, std = {std}")
    values = (np.sort(as_numbers(x, "x")) - mean) / std
    normal = NormalDist()
    edges = np.linspace(0.0, 1.0, len(values) + 1)
    low, high = edges[:-1], edges[1:]
    crossing = np.clip([normal.cdf(value) for value in values], low, high)
    edge_density = np.array([0.0, *(normal.pdf(normal.inv_cdf(edge)) for edge in edges[1:-1]), 0.0])
    crossing_density = _density_at(crossing)
    left = values * (crossing - low) + (crossing_density - edge_density[:-1])
    right = (crossing_density - edge_density[1:]) - values * (high - crossing)
    return std * float((left + right).sum())


def sliced_wasserstein(x: ArrayLike, y: ArrayLike, *, directions: int = 64, seed: int = 0) -> float:
    """Mean W1 of x (n, d) and y (m, d) along random unit vectors (Rabin et al. 2011); W1 itself for d = 1."""
    a, b = as_pair(x, y, ("x", "y"))
    if directions < 1:
        raise ValueError(f"directions must be at least 1, got {directions}")
    if a.shape[1] == 1:
        return wasserstein_1d(a, b)
    axes = np.random.default_rng(seed).standard_normal((a.shape[1], directions))
    axes /= np.linalg.norm(axes, axis=0)
    along_a, along_b = a @ axes, b @ axes  # (n, d) @ (d, directions) -> (n, directions)
    return float(np.mean([wasserstein_1d(along_a[:, i], along_b[:, i]) for i in range(directions)]))


def _density_at(quantiles: Float64Array) -> Float64Array:
    """phi(Phi^-1(u)), continued by its limit 0 at u = 0 and u = 1."""
    normal = NormalDist()
    return np.array([normal.pdf(normal.inv_cdf(u)) if 0.0 < u < 1.0 else 0.0 for u in quantiles])
