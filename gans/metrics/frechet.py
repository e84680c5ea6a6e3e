"""Frechet distance between Gaussians fitted to features (Heusel et al. 2017), and its real-data floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, as_numbers, as_pair, as_points


@dataclass(frozen=True)
class Gaussian:
    """Mean (d,), covariance (d, d) with divisor n - 1, and the number n of samples they were fitted to."""

    mean: Float64Array
    covariance: Float64Array
    samples: int


def fit_gaussian(features: ArrayLike, name: str = "features") -> Gaussian:
    """Fit a Gaussian to features (n, d) in double precision.

    Raises ValueError unless n > d: with fewer samples the covariance has rank below d whatever the
    distribution, and the distance mostly measures n. (A covariance that is singular for another reason is
    fine.)
    """
    points = as_points(features, name).astype(np.float64)
    n, d = points.shape
    if n <= d:
        raise ValueError(f"{name} has {n} samples of {d} features; a covariance needs more than {d} samples")
    mean = points.mean(axis=0)
    points -= mean
    return Gaussian(mean, points.T @ points / (n - 1), n)  # (d, n) @ (n, d) -> (d, d)


def frechet_between(a: Gaussian, b: Gaussian) -> float:
    """d^2 = |m_a - m_b|^2 + tr(C_a) + tr(C_b) - 2 tr((C_a C_b)^(1/2)), at least 0.

    The last trace is the sum of the singular values of A B with A = C_a^(1/2), B = C_b^(1/2), the symmetric
    roots from an eigen-decomposition: (A B)(A B)^T = A C_b A has the eigenvalues of C_a C_b. No complex
    numbers arise, singular covariances need no added ridge, and no digits are lost to the square root of a
    small eigenvalue. Dowson and Landau 1982, eq. 4; Heusel et al. 2017, eq. 6. Raises ValueError if the
    dimensions differ.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"the Gaussians have {len(a.mean)} and {len(b.mean)} dimensions; they must be equal")
    product = _symmetric_root(a.covariance) @ _symmetric_root(b.covariance)
    cross = np.linalg.svd(product, compute_uv=False).sum()
    spread = np.trace(a.covariance) + np.trace(b.covariance) - 2.0 * cross
    return max(0.0, float(np.sum((a.mean - b.mean) ** 2) + spread))


def frechet_distance(x: ArrayLike, y: ArrayLike) -> float:
    """Frechet distance between Gaussians fitted to features x (n, d) and y (m, d): 0 is best, no upper bound.

    It depends on the features and, by a bias of order 1/n, on the number of samples: compare figures only
    over the same features and the same n, and read them beside ``frechet_floor``.
    """
    first, second = as_pair(x, y, ("x", "y"))
    return frechet_between(fit_gaussian(first, "x"), fit_gaussian(second, "y"))


def distance_if_many(x: ArrayLike, y: ArrayLike) -> float | None:
    """``frechet_distance``, or None unless x (n, d) and y (m, d) have more than d rows each."""
    first, second = as_pair(x, y, ("x", "y"))
    return frechet_distance(first, second) if min(len(first), len(second)) > first.shape[1] else None


def frechet_floor(
    features: ArrayLike, held_out: ArrayLike | None = None, *, samples: int, seed: int = 0
) -> float:
    """The distance that a perfect generator would get: real samples in place of the generated ones.

    features (n, d) are the reference that generated samples are compared with. With ``held_out`` (m, d),
    other real samples of the same source, ``samples`` of them drawn without replacement stand in for the
    generated ones. Without it, ``samples`` rows drawn from ``features`` are compared with the remaining rows.
    Raises ValueError if there are too few.
    """
    rng = np.random.default_rng(seed)
    if held_out is None:
        pool = as_points(features, "features", at_least=samples + 1)
        order = rng.permutation(len(pool))
        return frechet_distance(pool[order[:samples]], pool[order[samples:]])
    reference, others = as_pair(features, held_out, ("features", "held_out"))
    if samples > len(others):
        raise ValueError(f"a floor of {samples} samples needs as many held-out ones, got {len(others)}")
    return frechet_distance(others[rng.permutation(len(others))[:samples]], reference)


def frechet_infinity(samples: ArrayLike, distances: ArrayLike) -> float:
    """The Frechet distance of infinitely many samples, from distances of few: its bias is of order 1/n.

    It is the intercept a of the line d = a + b / n that has the least squares for ``distances`` (k,) of
    ``samples`` (k,) samples each. Chong and Forsyth 2020, section 3.2. It is not cut off at 0.

    >>> round(frechet_infinity([100, 200, 400], [2.0, 1.5, 1.25]), 6)
    1.0

    Raises ValueError unless there are distances of two different numbers of samples.
    """
    n, d = as_numbers(samples, "samples", at_least=2), as_numbers(distances, "distances", at_least=2)
    if len(n) != len(d) or (n < 1).any() or len(set(n)) < 2:
        raise ValueError("each distance needs its number of samples, and two of these numbers must differ")
    x = 1 / n
    slope = float((x - x.mean()) @ d / ((x - x.mean()) @ x))
    return float(d.mean() - slope * x.mean())


def _symmetric_root(covariance: Float64Array) -> Float64Array:
    values, vectors = np.linalg.eigh(covariance)
    root: Float64Array = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
