"""A critic that estimates the Wasserstein distance, or a relative of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from gans.objectives.objective import Network, Objective, score
from gans.objectives.penalties import gradient_penalty, interpolate_gradient_norms
from minigrad import Tensor, modify, nn
from minigrad.ops import mean
from minigrad.random import Generator

__all__ = [
    "clip_weights",
    "critic",
    "critic_generator",
    "wasserstein",
    "wasserstein_div",
    "wasserstein_gp",
]


def critic(real: Tensor, fake: Tensor) -> Tensor:
    """mean(f(G(z))) - mean(f(x)): minus the critic's estimate of W1 (Arjovsky et al. 2017)."""
    return mean(fake) - mean(real)


def critic_generator(fake: Tensor) -> Tensor:
    """-mean(f(G(z))) (Arjovsky et al. 2017, algorithm 1)."""
    return -mean(fake)


def clip_weights(bound: float) -> Callable[[nn.Module], None]:
    """A constraint: every weight of the critic into [-bound, bound] (Arjovsky et al. 2017, algorithm 1)."""

    def clip(critic: nn.Module) -> None:
        for p in critic.parameters():
            modify(p, _clip, bound)

    return clip


def _clip(weights: NDArray[Any], bound: float) -> None:
    weights.clip(-bound, bound, out=weights)


def wasserstein(clip: float) -> Objective:
    """WGAN: no sigmoid, no logarithm, a critic with clipped weights."""
    return Objective(critic, critic_generator, constraint=clip_weights(clip), readout=score)


def wasserstein_gp(weight: float) -> Objective:
    """WGAN-GP: the gradient penalty in place of clipping."""
    return Objective(critic, critic_generator, penalty=gradient_penalty(weight), readout=score)


def wasserstein_div(k: float = 2.0, p: float = 6.0) -> Objective:
    """WGAN-div: the Wasserstein divergence, which needs no Lipschitz constraint.

    D: mean(f(G(z))) - mean(f(x)) + k mean(|gradient of f between real and fake|^p)
    G: -mean(f(G(z)))

    Wu et al. 2018, algorithm 1, where f has the other sign; k = 2 and p = 6 are theirs.

    >>> import minigrad as mg
    >>> real, rng = mg.zeros((3, 1)), mg.random.Philox(0)
    >>> wasserstein_div().penalty(lambda x: x * 2.0, real, real, rng).item()
    128.0
    """

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
        return mean(interpolate_gradient_norms(D, real, fake, rng) ** p) * k

    return Objective(critic, critic_generator, penalty=penalty, readout=score)
