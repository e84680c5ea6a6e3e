"""Distributions on the line or in cells, with the integrals and the best D that a claim is compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from minigrad import Tensor, grad
from minigrad.ops import sum as total

__all__ = [
    "Floats",
    "axis",
    "jsd",
    "kl",
    "mixture",
    "newton",
    "normal",
    "random_cells",
    "random_mixture",
    "w1",
]

Floats = NDArray[np.float64]


def axis(low: float = -10.0, high: float = 10.0, count: int = 4_001) -> Floats:
    """Evenly spaced points, on which an integral is a sum times their distance."""
    return np.linspace(low, high, count)


def normal(x: Floats, mean: float = 0.0, std: float = 1.0) -> Floats:
    """The density of N(mean, std^2) at ``x``."""
    density: Floats = np.exp(-0.5 * ((x - mean) / std) ** 2) / (std * np.sqrt(2 * np.pi))
    return density


def mixture(x: Floats, means: Floats, stds: Floats, weights: Floats) -> Floats:
    """The density of a mixture of Gaussians at ``x``; the weights add up to 1."""
    parts = [w * normal(x, m, s) for w, m, s in zip(weights, means, stds, strict=True)]
    density: Floats = np.sum(parts, axis=0)
    return density


def random_mixture(x: Floats, rng: np.random.Generator, parts: int = 3) -> Floats:
    """The density of a random mixture with means from -3 to 3 and standard deviations from 0.5 to 1.5."""
    return mixture(x, rng.uniform(-3, 3, parts), rng.uniform(0.5, 1.5, parts), rng.dirichlet(np.ones(parts)))


def random_cells(rng: np.random.Generator, cells: int = 50) -> Floats:
    """Random probabilities of ``cells`` cells."""
    return rng.dirichlet(np.ones(cells))


def kl(p: Floats, q: Floats, width: float = 1.0) -> float:
    """KL(p || q) in nats of densities at points ``width`` apart, or of cells; infinite where q is 0."""
    held = p > 0
    with np.errstate(divide="ignore"):
        return float(np.sum(p[held] * (np.log(p[held]) - np.log(q[held]))) * width)


def jsd(p: Floats, q: Floats, width: float = 1.0) -> float:
    """The Jensen-Shannon divergence in nats.

    >>> round(jsd(np.array([1.0, 0.0]), np.array([0.0, 1.0])), 6)
    0.693147
    """
    middle = (p + q) / 2
    return (kl(p, middle, width) + kl(q, middle, width)) / 2


def w1(p: Floats, q: Floats, width: float) -> float:
    """W1 of densities at points ``width`` apart: the integral of the difference of their sums."""
    return float(np.sum(np.abs(np.cumsum(p - q) * width)) * width)


def newton(loss: Callable[[Tensor], Tensor], start: Floats, steps: int = 60) -> Floats:
    """The logits (k,) that minimise a loss which is a sum over cells, with both derivatives from the engine.

    A step moves a logit by at most 1.
    """
    logits = mg.tensor(start)
    for _ in range(steps):
        (slope,) = grad(loss(logits), [logits], create_graph=True)
        (bend,) = grad(total(slope), [logits])
        move = slope.data / np.maximum(bend.data, 1e-12)
        logits = mg.tensor(logits.data - np.clip(move, -1.0, 1.0))
    found: Floats = logits.numpy()
    return found
