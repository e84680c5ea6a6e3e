"""PatchGAN: a discriminator that judges each patch of an image by itself (Isola et al. 2017, section 3.2.2).

It is convolutional throughout: its output is a map with a logit for each patch, and the loss is the mean over
the map. A patch is the part of the image that a logit depends on: 18 pixels a side for 28 x 28 images, where
the paper has 70 for 256 x 256.
"""

from __future__ import annotations

from collections.abc import Callable

from gans.networks.dcgan import Size, halved, halving, initialised
from minigrad import nn

STAGES = 2
"""Convolutions that halve the image; a further one makes the logits."""


def stages(
    channels: int, size: Size, features: int, norm: Callable[[int], nn.Module]
) -> list[list[nn.Module]]:
    """The layers of ``discriminator``: each convolution with what follows it; the last makes the logits."""
    found: list[list[nn.Module]] = []
    before, maps = channels, features
    for stage in range(STAGES):
        kernel_size, stride = halving(size)
        conv = nn.Conv2d(before, maps, kernel_size, stride, padding=1, bias=stage == 0)
        found.append([conv, *([norm(maps)] if stage else []), nn.LeakyReLU(0.2)])
        size = halved(size)
        before, maps = maps, 2 * maps
    return [*found, [nn.Conv2d(before, 1, 3, padding=1)]]


def discriminator(
    channels: int, size: Size, features: int, norm: Callable[[int], nn.Module]
) -> nn.Sequential:
    """Images (n, channels, h, w) of ``size`` (h, w) -> logits (n, 1, h / 4, w / 4).

    ``features`` is the number of the first feature maps. ``norm`` makes the normalisation of as many maps as
    it is given; the first layer has none.

    >>> from minigrad import zeros
    >>> discriminator(2, (28, 28), 16, nn.BatchNorm2d)(zeros((5, 2, 28, 28))).shape
    (5, 1, 7, 7)
    """
    parts = stages(channels, size, features, norm)
    return initialised(nn.Sequential(*[layer for part in parts for layer in part]))
