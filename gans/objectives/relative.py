"""Losses of differences: how much more real one sample is than others (Jolicoeur-Martineau 2018)."""

from __future__ import annotations

from gans.objectives.objective import Objective, score
from gans.wholes import mean_of_batch
from minigrad import Tensor
from minigrad.ops import mean_softplus

__all__ = ["relativistic", "relativistic_average"]


def relativistic() -> Objective:
    """RSGAN: sigmoid(C(x) - C(G(z))) is the probability that x is more real than G(z), of pairs by chance.

    D: -mean(log sigmoid(C(x) - C(G(z))))
    G: -mean(log sigmoid(C(G(z)) - C(x)))

    G's loss needs a batch of real samples, whose scores are constants to G. Only differences of scores mean
    something (Jolicoeur-Martineau 2018, algorithm 1).

    >>> import minigrad as mg
    >>> losses = relativistic()
    >>> real, fake = mg.tensor([[2.0], [0.0]]), mg.tensor([[2.0], [0.0]])
    >>> round(losses.discriminator(real, fake).item(), 4), round(losses.generator(fake, real).item(), 4)
    (0.6931, 0.6931)
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return mean_softplus(real - fake, sign=-1)

    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return mean_softplus(fake - real, sign=-1)

    return Objective(discriminator, generator, readout=score, needs_real=True)


def relativistic_average() -> Objective:
    """RaGAN: a sample against the mean score of the others.

    With D(x) = sigmoid(C(x) - mean C(G(z))) and D(G(z)) = sigmoid(C(G(z)) - mean C(x)):

    D: -mean(log D(x)) - mean(log(1 - D(G(z))))
    G: -mean(log D(G(z))) - mean(log(1 - D(x)))

    G's loss needs a batch of real samples, whose scores are constants to G. Its gradient reaches G through
    each fake's own score, and through their mean in D(x) (Jolicoeur-Martineau 2018, algorithm 2).

    >>> import minigrad as mg
    >>> losses = relativistic_average()
    >>> real, fake = mg.tensor([[3.0], [1.0]]), mg.tensor([[2.0], [2.0]])
    >>> round(losses.discriminator(real, fake).item(), 4), round(losses.generator(fake, real).item(), 4)
    (1.5064, 1.5064)
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return mean_softplus(real - mean_of_batch(fake), sign=-1) + mean_softplus(fake - mean_of_batch(real))

    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return discriminator(fake, real)  # the same with real and fake in each other's place

    return Objective(discriminator, generator, readout=score, needs_real=True)
