"""A critic that estimates the Wasserstein distance, or a relative of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from gans.objectives.objective import Objective, score
from gans.objectives.penalties import gradient_penalty
from minigrad import Tensor, modify, nn
from minigrad.ops import mean

__all__ = ["clip_weights", "critic", "critic_generator", "wasserstein", "wasserstein_gp"]


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
