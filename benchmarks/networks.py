"""The published DCGAN for colour images, which doubles a side of 4 pixels up to the image's own."""

from __future__ import annotations

from typing import Any

from gans.data.spec import Spec
from gans.networks.dcgan import initialised
from gans.systems.gan import DCGAN
from minigrad import nn

SMALLEST = 4
"""The side of the first feature maps, in pixels."""

SIDES = (8, 16, 32, 64, 128, 256)
"""The sides of images; each of them has one stage more than the one before it."""

Shape = tuple[int, ...]


def is_published(shape: Shape) -> bool:
    """Whether images of ``shape`` (c, h, w) are square with a side of ``SIDES``."""
    return len(shape) == 3 and shape[1] == shape[2] and shape[1] in SIDES


def stages(shape: Shape) -> int:
    """How often the side of an image of this shape is halved."""
    return SIDES.index(shape[1]) + 1


def generator(latent: int, shape: Shape, features: int) -> nn.Sequential:
    """z (n, latent) -> images (n, *shape); for 64x64x3 z -> 512x4x4 -> 256 -> 128 -> 64 -> 3 maps.

    Each transposed convolution (4x4, stride 2) doubles the side; the last one makes the image from
    ``features`` maps (Radford et al. 2015, as PyTorch's DCGAN example has it).
    """
    maps = features * 2 ** SIDES.index(shape[1])
    layers: list[nn.Module] = [
        nn.Linear(latent, maps * SMALLEST**2, bias=False),
        nn.Unflatten(1, (maps, SMALLEST, SMALLEST)),
        nn.BatchNorm2d(maps),
        nn.ReLU(),
    ]
    while maps > features:
        layers += [
            nn.ConvTranspose2d(maps, maps // 2, 4, 2, padding=1, bias=False),
            nn.BatchNorm2d(maps // 2),
            nn.ReLU(),
        ]
        maps //= 2
    return initialised(
        nn.Sequential(*layers, nn.ConvTranspose2d(maps, shape[0], 4, 2, padding=1, bias=False), nn.Tanh())
    )


def mirror(shape: Shape, features: int) -> nn.Sequential:
    """Images (n, *shape) -> logits (n, 1): the same sizes and numbers of maps, in reverse."""
    layers: list[nn.Module] = []
    before, maps = shape[0], features
    for stage in range(stages(shape)):
        layers.append(nn.Conv2d(before, maps, 4, 2, padding=1, bias=False))
        if stage:
            layers.append(nn.BatchNorm2d(maps))
        layers.append(nn.LeakyReLU(0.2))
        before, maps = maps, 2 * maps
    return initialised(nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * SMALLEST**2, 1)))


class PublishedDCGAN(DCGAN):
    """gans' DCGAN, objective and optimizers, with these networks."""

    @staticmethod
    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        return {
            "generator": generator(settings.latent, spec.shape, settings.features),
            "discriminator": mirror(spec.shape, settings.features),
        }
