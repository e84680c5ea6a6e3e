"""Losses of a score: squares around targets, and hinges."""

from __future__ import annotations

from typing import Any

from gans.objectives.critics import critic_generator
from gans.objectives.objective import Objective, score
from minigrad import Tensor
from minigrad.ops import mean, relu, square

__all__ = ["hinge", "least_squares"]


def least_squares(a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Objective:
    """LSGAN: D's score should be b for real and a for generated samples, and c for G.

    D: mean((D(x) - b)^2) / 2 + mean((D(G(z)) - a)^2) / 2
    G: mean((D(G(z)) - c)^2) / 2

    The gradient in a score grows with its distance from the target, on both sides of it: a fake that D takes
    for real is still drawn towards the data. With b - c = 1 and b - a = 2, such as a, b, c = -1, 1, 0, G
    minimises a Pearson divergence at the best D; 0, 1, 1 makes fakes as real as possible (Mao et al. 2017,
    equation 2).

    >>> import minigrad as mg
    >>> losses = least_squares()
    >>> real, fake = mg.tensor([[1.0], [3.0]]), mg.tensor([[-1.0]])
    >>> losses.discriminator(real, fake).item(), losses.generator(fake).item()
    (1.5, 2.0)
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return (mean(square(real - b)) + mean(square(fake - a))) * 0.5

    def generator(fake: Tensor) -> Tensor:
        return mean(square(fake - c)) * 0.5

    def against(scores: Tensor, labels: Any) -> Tensor:
        return mean(square(scores - (a + labels * (b - a)))) * 0.5

    return Objective(discriminator, generator, readout=score, against=against)


def hinge() -> Objective:
    """D learns from samples within a margin of 1 alone, as a support vector machine does.

    D: mean(max(0, 1 - D(x))) + mean(max(0, 1 + D(G(z))))
    G: -mean(D(G(z)))

    Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17.

    >>> import minigrad as mg
    >>> losses = hinge()
    >>> real, fake = mg.tensor([[0.5], [3.0]]), mg.tensor([[-0.25]])
    >>> losses.discriminator(real, fake).item(), losses.generator(fake).item()
    (1.0, 0.25)
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return mean(relu(1.0 - real)) + mean(relu(1.0 + fake))

    return Objective(discriminator, critic_generator, readout=score)
