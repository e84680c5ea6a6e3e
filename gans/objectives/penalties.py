"""Penalties of D's gradient in its input: each is differentiated again, in D's weights."""

from __future__ import annotations

import numpy as np

from gans.objectives.objective import Network, Penalty
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, norm_per_sample, square, sum
from minigrad.random import Generator, uniform

__all__ = ["gradient_penalty", "interpolate_gradient_norms"]


def interpolate_gradient_norms(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
    """The norm of D's gradient at a random point between each real and fake sample: (n,), differentiable.

    The norm is taken over a whole sample, whatever its shape (Gulrajani et al. 2017, algorithm 1).
    """
    with no_grad():
        shape = (len(real), *[1] * (real.ndim - 1))
        t = uniform(shape, dtype=np.float64, generator=rng, device=real.device).astype(real.dtype)
        between = t * real + (1 - t) * fake
    return norm_per_sample(_slope(D, between))


def _slope(D: Network, x: Tensor) -> Tensor:
    """D's gradient at each sample of ``x``, of the same shape."""
    (slope,) = grad(sum(D(x)), [x], create_graph=True)
    return slope


def gradient_penalty(weight: float) -> Penalty:
    """weight mean((|gradient of D between real and fake| - 1)^2) (Gulrajani et al. 2017, equation 3)."""

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
        return mean(square(interpolate_gradient_norms(D, real, fake, rng) - 1.0)) * weight

    return penalty
