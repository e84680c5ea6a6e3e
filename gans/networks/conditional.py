"""Networks that take a label: a class is an input besides the noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gans.networks import dcgan
from minigrad import Tensor, nn
from minigrad.nn.functional import one_hot
from minigrad.ops import concatenate


class ConditionalGenerator(nn.Module):
    """z (n, latent) and labels (n,) -> images (n, *shape): the label, one-hot, is joined to z."""

    def __init__(self, latent: int, classes: int, shape: Sequence[int], features: int) -> None:
        self.classes = classes
        self.image = dcgan.generator(latent + classes, shape, features)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        chosen = one_hot(labels, self.classes).astype(np.float32)
        images: Tensor = self.image(concatenate([z, chosen], axis=1))
        return images
