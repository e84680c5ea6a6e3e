"""Networks that take a label: a class is an input besides the noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gans.networks import dcgan, residual
from gans.networks.dcgan import Size
from minigrad import Tensor, nn
from minigrad.nn.functional import one_hot
from minigrad.ops import broadcast_to, concatenate, reshape


class ConditionalGenerator(nn.Module):
    """z (n, latent) and labels (n,) -> images (n, *shape): the label, one-hot, is joined to z."""

    def __init__(self, latent: int, classes: int, shape: Sequence[int], features: int) -> None:
        self.classes = classes
        self.image = dcgan.generator(latent + classes, shape, features)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        chosen = one_hot(labels, self.classes).astype(np.float32)
        images: Tensor = self.image(concatenate([z, chosen], axis=1))
        return images


class Translator(nn.Module):
    """Images (n, c, h, w) and domains (n,) -> images: a plane of ones stands for the domain, others are 0."""

    def __init__(self, channels: int, domains: int, size: Size, features: int, blocks: int) -> None:
        self.domains = domains
        self.image = residual.generator(channels, size, features, blocks, conditions=domains)

    def forward(self, x: Tensor, domains: Tensor) -> Tensor:
        n, _, h, w = x.shape
        chosen = reshape(one_hot(domains, self.domains).astype(x.dtype), (n, self.domains, 1, 1))
        images: Tensor = self.image(concatenate([x, broadcast_to(chosen, (n, self.domains, h, w))], axis=1))
        return images
