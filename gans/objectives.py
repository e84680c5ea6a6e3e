"""The losses of D and G: pure functions of D's logits, so that a variant of GAN is data.

``Objective(discriminator, generator, penalty, constraint, readout)``:

- ``discriminator(real, fake)`` and ``generator(fake)`` map logits (n, 1) to a loss of one element;
- ``penalty(D, real, fake, rng)`` is added to D's loss, ``real`` and ``fake`` are images here;
- ``constraint(D)`` acts on D's weights after each of D's updates;
- ``readout(logits)`` turns logits into the number to watch: D's probability, or a critic's score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minigrad import Tensor, grad, modify, nn, no_grad
from minigrad.ops import mean, mean_softplus, norm_per_sample, sigmoid, square, sum
from minigrad.random import Generator, uniform

Network = Callable[[Tensor], Tensor]
Penalty = Callable[[Network, Tensor, Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Objective:
    """One GAN's losses; see the module's text for the fields."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalty: Penalty | None = None
    constraint: Callable[[nn.Module], None] | None = None
    readout: Callable[[Tensor], Tensor] = sigmoid


def binary_cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """-mean(log D(x)) - mean(log(1 - D(G(z)))): D as a classifier (Goodfellow et al. 2014, algorithm 1).

    Of a logit l, D = sigmoid(l): -log D = softplus(-l) and -log(1 - D) = softplus(l).
    """
    return mean_softplus(real, sign=-1) + mean_softplus(fake)


def saturating(fake: Tensor) -> Tensor:
    """mean(log(1 - D(G(z)))): G in the minimax game (Goodfellow et al. 2014, equation 1)."""
    return -mean_softplus(fake)


def non_saturating(fake: Tensor) -> Tensor:
    """-mean(log D(G(z))): the same fixed point, strong gradients early on (Goodfellow et al. 2014, 3)."""
    return mean_softplus(fake, sign=-1)


def critic(real: Tensor, fake: Tensor) -> Tensor:
    """mean(f(G(z))) - mean(f(x)): minus the critic's estimate of W1 (Arjovsky et al. 2017)."""
    return mean(fake) - mean(real)


def critic_generator(fake: Tensor) -> Tensor:
    """-mean(f(G(z))) (Arjovsky et al. 2017, algorithm 1)."""
    return -mean(fake)


def score(logits: Tensor) -> Tensor:
    """A critic's output as it is."""
    return logits


def clip_weights(bound: float) -> Callable[[nn.Module], None]:
    """A constraint: every weight of the critic into [-bound, bound] (Arjovsky et al. 2017, algorithm 1)."""

    def clip(critic: nn.Module) -> None:
        for p in critic.parameters():
            modify(p, _clip, bound)

    return clip


def _clip(weights: NDArray[Any], bound: float) -> None:
    weights.clip(-bound, bound, out=weights)


def interpolate_gradient_norms(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
    """The norm of D's gradient at a random point between each real and fake sample: (n,), differentiable.

    The norm is taken over a whole sample, whatever its shape (Gulrajani et al. 2017, algorithm 1).
    """
    with no_grad():
        shape = (len(real), *[1] * (real.ndim - 1))
        t = uniform(shape, dtype=np.float64, generator=rng, device=real.device).astype(real.dtype)
        between = t * real + (1 - t) * fake
    (slope,) = grad(sum(D(between)), [between], create_graph=True)
    return norm_per_sample(slope)


def gradient_penalty(weight: float) -> Penalty:
    """weight mean((|gradient of D between real and fake| - 1)^2) (Gulrajani et al. 2017, equation 3)."""

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
        return mean(square(interpolate_gradient_norms(D, real, fake, rng) - 1.0)) * weight

    return penalty


def non_saturating_gan() -> Objective:
    """GAN with the generator whose gradients stay strong when D wins."""
    return Objective(binary_cross_entropy, non_saturating)


def minimax() -> Objective:
    """GAN with the minimax generator, which saturates when D wins."""
    return Objective(binary_cross_entropy, saturating)


def wasserstein(clip: float) -> Objective:
    """WGAN: no sigmoid, no logarithm, a critic with clipped weights."""
    return Objective(critic, critic_generator, constraint=clip_weights(clip), readout=score)


def wasserstein_gp(weight: float) -> Objective:
    """WGAN-GP: the gradient penalty in place of clipping."""
    return Objective(critic, critic_generator, penalty=gradient_penalty(weight), readout=score)


if not TYPE_CHECKING:  # a checker finds names that do not exist by itself

    def __getattr__(name: str) -> NoReturn:
        if name == "gan":
            raise AttributeError("gans.objectives.gan is called gans.objectives.non_saturating_gan")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
