"""Multilayer perceptrons: the GAN of Goodfellow et al. (2014) on images, and the networks for toys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from minigrad import nn


def mlp(
    widths: Sequence[int], activation: Callable[[], nn.Module], output: Sequence[nn.Module] = ()
) -> nn.Sequential:
    """Linear layers of ``widths`` with ``activation`` between them, then ``output``."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1], *output)


def leaky() -> nn.Module:
    """LeakyReLU with the slope 0.2 that GANs use."""
    return nn.LeakyReLU(0.2)


def image_generator(latent: int, shape: tuple[int, ...]) -> nn.Sequential:
    """z (n, latent) -> images (n, *shape) in [-1, 1] through 256, 512 and 1,024 units."""
    return mlp((latent, 256, 512, 1024, math.prod(shape)), leaky, [nn.Tanh(), nn.Unflatten(1, shape)])


def image_discriminator(shape: tuple[int, ...]) -> nn.Sequential:
    """Images (n, *shape) -> logits (n, 1) through 512 and 256 units."""
    return nn.Sequential(nn.Flatten(), *mlp((math.prod(shape), 512, 256, 1), leaky))


def point_generator(latent: int, dimension: int, width: int, depth: int) -> nn.Sequential:
    """z (n, latent) -> points (n, dimension) through ``depth`` hidden layers of ReLU units."""
    return mlp((latent, *[width] * depth, dimension), nn.ReLU)


def point_discriminator(dimension: int, width: int, depth: int) -> nn.Sequential:
    """Points (n, dimension) -> logits (n, 1) through ``depth`` hidden layers of ReLU units."""
    return mlp((dimension, *[width] * depth, 1), nn.ReLU)
