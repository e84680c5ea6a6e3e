"""D as a classifier of real against generated (Goodfellow et al. 2014)."""

from __future__ import annotations

from gans.objectives.objective import Objective
from minigrad import Tensor
from minigrad.ops import binary_cross_entropy_with_logits, mean_softplus

__all__ = ["binary_cross_entropy", "minimax", "non_saturating", "non_saturating_gan", "saturating"]


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


def non_saturating_gan() -> Objective:
    """GAN with the generator whose gradients stay strong when D wins."""
    return Objective(binary_cross_entropy, non_saturating, against=binary_cross_entropy_with_logits)


def minimax() -> Objective:
    """GAN with the minimax generator, which saturates when D wins."""
    return Objective(binary_cross_entropy, saturating, against=binary_cross_entropy_with_logits)
