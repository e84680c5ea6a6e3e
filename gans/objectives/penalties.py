"""Penalties of D's gradient in its input: each is differentiated again, in D's weights."""

from __future__ import annotations

import numpy as np

from gans.objectives.objective import Network, Penalty
from gans.wholes import whole_batch
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, norm_per_sample, square, std, sum
from minigrad.random import Generator, normal, uniform

__all__ = [
    "dragan_penalty",
    "gradient_penalty",
    "interpolate_gradient_norms",
    "r1_penalty",
    "r2_penalty",
]


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


def dragan_penalty(weight: float = 10.0, spread: float = 0.5) -> Penalty:
    """weight mean((|gradient of D near real| - 1)^2), at x + delta with delta from N(0, c I).

    This is the paper's formula (Kodali et al. 2017) with k = 1, for D's logit. c is
    (``spread`` std)^2, where std is the standard deviation of all numbers of the batch, so that one spread
    serves data of any scale. Code on the web differs: it draws delta from uniform numbers, only upwards, or
    scales it by a random share.

    >>> import minigrad as mg
    >>> real, rng = mg.zeros((3, 2)), np.random.default_rng(0)
    >>> dragan_penalty(weight=10.0)(lambda x: x @ mg.tensor([[3.0], [0.0]]), real, real, rng).item()
    40.0
    """

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:  # noqa: ARG001
        with no_grad():
            delta = normal(real.shape, dtype=real.dtype, generator=rng, device=real.device)
            near = real + delta * (std(whole_batch(real)) * spread)
        return mean(square(norm_per_sample(_slope(D, near)) - 1.0)) * weight

    return penalty


def r1_penalty(gamma: float) -> Penalty:
    """gamma / 2 mean(|gradient of D at real samples|^2) (Mescheder et al. 2018, equation 9).

    It is zero where D is flat on the data, as it should be once G has learnt them.

    >>> import minigrad as mg
    >>> real, rng = mg.zeros((3, 2)), np.random.default_rng(0)
    >>> r1_penalty(10.0)(lambda x: x @ mg.tensor([[3.0], [4.0]]), real, real, rng).item()
    125.0
    """

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:  # noqa: ARG001
        return _mean_square(D, real) * (gamma / 2)

    return penalty


def r2_penalty(gamma: float) -> Penalty:
    """gamma / 2 mean(|gradient of D at generated samples|^2) (Mescheder et al. 2018, equation 10).

    >>> import minigrad as mg
    >>> fake, rng = mg.ones((3, 1)), np.random.default_rng(0)
    >>> r2_penalty(1.0)(lambda x: x * x, mg.zeros((3, 1)), fake, rng).item()
    2.0
    """

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:  # noqa: ARG001
        return _mean_square(D, fake) * (gamma / 2)

    return penalty


def _mean_square(D: Network, x: Tensor) -> Tensor:
    """The mean over samples of the squared norm of D's gradient."""
    return sum(square(_slope(D, x))) * (1 / len(x))
