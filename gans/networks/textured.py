"""Images as a code of what they show and a vector for their texture, and images made of both."""

from __future__ import annotations

import math
from typing import NamedTuple

from gans.networks.biggan import ConditionalNorm
from gans.networks.dcgan import Size, halved, halving, initialised
from minigrad import Tensor, nn
from minigrad.nn.functional import relu
from minigrad.ops import concatenate, tanh

TEXTURE_MAPS = 32
"""Maps that a vector of texture becomes."""


def code_shape(size: Size, features: int) -> tuple[int, int, int]:
    """The shape of the code of one image of ``size``.

    >>> code_shape((28, 17), 16)
    (32, 7, 5)
    """
    return (2 * features, *halved(halved(size)))


def encoder(channels: int, size: Size, features: int) -> nn.Sequential:
    """Images (n, channels, h, w) of ``size`` -> codes (n, 2 features, h / 4, w / 4), which are positive.

    Instance norm takes brightness and contrast away, which belong to a texture (Huang et al. 2018, section
    5.1).
    """
    return nn.Sequential(
        nn.Conv2d(channels, features, *halving(size), padding=1),
        nn.InstanceNorm2d(features),
        nn.ReLU(),
        nn.Conv2d(features, 2 * features, *halving(halved(size)), padding=1),
        nn.InstanceNorm2d(2 * features),
        nn.ReLU(),
    )


def head(size: Size, features: int, width: int, outputs: int) -> nn.Sequential:
    """Codes of images of ``size`` -> (n, outputs), through a hidden layer of ``width`` units."""
    inputs = math.prod(code_shape(size, features))
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))


def texture_encoder(channels: int, size: Size, features: int, latent: int) -> nn.Sequential:
    """Images of ``size`` -> vectors of their textures, (n, latent), of mean 0 and variance 1 in a batch.

    The mean over all places comes before the last layer: a vector says little of what is where.
    """
    return nn.Sequential(
        nn.Conv2d(channels, features, *halving(size), padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(features, 2 * features, *halving(halved(size)), padding=1),
        nn.LeakyReLU(0.2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * features, latent),
        nn.BatchNorm1d(latent, affine=False),
    )


class Decoder(nn.Module):
    """Codes (n, 2 features, h / 4, w / 4) -> images (n, channels, h, w) in [-1, 1]."""

    def __init__(self, channels: int, size: Size, features: int) -> None:
        first, second, last = up(channels, size, features)
        norms = nn.BatchNorm2d(features), nn.BatchNorm2d(features // 2)
        self.image = nn.Sequential(first, norms[0], nn.ReLU(), second, norms[1], nn.ReLU(), last, nn.Tanh())

    def forward(self, code: Tensor) -> Tensor:
        images: Tensor = self.image(code)
        return images


class TexturedDecoder(nn.Module):
    """Codes and vectors of textures (n, latent) -> images in [-1, 1].

    The vector becomes maps beside the code's, for what differs from place to place, and the gains and offsets
    of both norms, for colours and for light on dark or dark on light.

    >>> from minigrad import zeros
    >>> decoder = TexturedDecoder(3, (28, 28), features=4, latent=5)
    >>> decoder(zeros((2, 8, 7, 7)), zeros((2, 5))).shape
    (2, 3, 28, 28)
    """

    def __init__(self, channels: int, size: Size, features: int, latent: int) -> None:
        _, h, w = code_shape(size, features)
        maps = TEXTURE_MAPS
        self.spread = nn.Sequential(nn.Linear(latent, maps * h * w), nn.Unflatten(1, (maps, h, w)))
        self.first, self.second, self.last = up(channels, size, features, maps)
        self.first_norm = ConditionalNorm(features, latent)
        self.second_norm = ConditionalNorm(features // 2, latent)

    def forward(self, code: Tensor, texture: Tensor) -> Tensor:
        x = self.first(concatenate([code, self.spread(texture)], axis=1))
        x = self.second(relu(self.first_norm(x, texture)))
        return tanh(self.last(relu(self.second_norm(x, texture))))


class BothWays(NamedTuple):
    """Images x and y of two domains, of which y has textures, on their ways through codes.

    ``fake_x`` is y in the domain of x, ``fake_y`` is x in that of y. ``rebuilt_x`` and ``rebuilt_y`` are from
    the images' own codes, ``x_again`` is from ``code_of_fake``, that of ``fake_y``.
    """

    code_x: Tensor
    code_y: Tensor
    fake_x: Tensor
    fake_y: Tensor
    rebuilt_x: Tensor
    rebuilt_y: Tensor
    code_of_fake: Tensor
    x_again: Tensor


def both_ways(
    encoder: nn.Module,
    texture: nn.Module,
    to_x: nn.Module,
    to_y: nn.Module,
    x: Tensor,
    y: Tensor,
    t: Tensor,
) -> BothWays:
    """x with the textures t (n, latent) and y with its own; each network sees all of its inputs at once."""
    n = len(x)
    code = encoder(concatenate([x, y]))
    made_y = to_y(code, concatenate([t, texture(y)]))
    code_of_fake = encoder(made_y[:n])
    made_x = to_x(concatenate([code, code_of_fake]))
    fakes, rebuilt = (made_x[n:-n], made_y[:n]), (made_x[:n], made_y[n:])
    return BothWays(code[:n], code[n:], *fakes, *rebuilt, code_of_fake, made_x[-n:])


def up(channels: int, size: Size, features: int, more: int = 0) -> tuple[nn.Module, nn.Module, nn.Module]:
    """The convolutions from codes to images: two double the sides, and the last keeps them."""
    maps = 2 * features + more
    first = nn.ConvTranspose2d(maps, features, *halving(halved(size)), padding=1, bias=False)
    second = nn.ConvTranspose2d(features, features // 2, *halving(size), padding=1, bias=False)
    last = nn.Conv2d(features // 2, channels, 3, padding=1)
    return initialised(first), initialised(second), initialised(last)
