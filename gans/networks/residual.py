"""Translation of images through residual blocks (Johnson et al. 2016; Zhu et al. 2017, appendix 7.2).

A residual block adds to its input, so that a translation which changes little is easy to learn. Instance norm
takes each image by itself, and images are continued by reflection where a convolution reaches past them.
"""

from __future__ import annotations

from collections.abc import Callable

from gans.networks.dcgan import Size, halved, halving, initialised
from minigrad import Tensor, nn

Norm = Callable[[int], nn.Module]
"""The normalisation of as many maps as it is given."""


class Residual(nn.Module):
    """x + f(x), where f is two convolutions with a norm."""

    def __init__(self, maps: int, norm: Norm = nn.InstanceNorm2d) -> None:
        self.body = nn.Sequential(*conv(maps, maps, norm=norm), nn.ReLU(), *conv(maps, maps, norm=norm))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def conv(before: int, maps: int, kernel_size: int = 3, norm: Norm = nn.InstanceNorm2d) -> list[nn.Module]:
    """A convolution that keeps the size, between images continued by reflection and a norm."""
    return [
        nn.ReflectionPad2d(kernel_size // 2),
        nn.Conv2d(before, maps, kernel_size, bias=False),
        norm(maps),
    ]


def down(maps: int, size: Size, norm: Norm = nn.InstanceNorm2d) -> list[nn.Module]:
    """A convolution from ``maps`` of ``size`` to twice as many of half the size, with what follows it."""
    return [
        nn.Conv2d(maps, 2 * maps, *halving(size), padding=1, bias=False),
        norm(2 * maps),
        nn.ReLU(),
    ]


def up(maps: int, size: Size, norm: Norm = nn.InstanceNorm2d) -> list[nn.Module]:
    """The way back: to ``maps`` of ``size``."""
    return [
        nn.ConvTranspose2d(2 * maps, maps, *halving(size), padding=1, bias=False),
        norm(maps),
        nn.ReLU(),
    ]


def image(maps: int, channels: int, kernel_size: int = 7) -> list[nn.Module]:
    """The last layers: ``maps`` to an image in [-1, 1]."""
    return [nn.ReflectionPad2d(kernel_size // 2), nn.Conv2d(maps, channels, kernel_size), nn.Tanh()]


def generator(channels: int, size: Size, features: int, blocks: int, conditions: int = 0) -> nn.Sequential:
    """Images (n, channels, h, w) of ``size`` -> images in [-1, 1]: down twice, residual blocks, up twice.

    ``features`` is the number of the first and the last feature maps; the blocks have four times as many.
    ``conditions`` more channels beside the image may be planes of one value. Instance norm would take away
    what such a plane adds, so the first layer has none then.

    >>> from minigrad import zeros
    >>> generator(3, (28, 28), features=4, blocks=1)(zeros((2, 3, 28, 28))).shape
    (2, 3, 28, 28)
    """
    first = conv(channels + conditions, features, 7)
    half = halved(size)
    return initialised(
        nn.Sequential(
            *(first[:-1] if conditions else first),
            nn.ReLU(),
            *down(features, size),
            *down(2 * features, half),
            *[Residual(4 * features) for _ in range(blocks)],
            *up(2 * features, half),
            *up(features, size),
            *image(features, channels),
        )
    )
