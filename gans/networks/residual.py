"""Translation of images through residual blocks (Johnson et al. 2016; Zhu et al. 2017, appendix 7.2).

A residual block adds to its input, so that a translation which changes little is easy to learn. Instance norm
takes each image by itself, and images are continued by reflection where a convolution reaches past them.
"""

from __future__ import annotations

from gans.networks.dcgan import Size, halved, halving, initialised
from minigrad import Tensor, nn


class Residual(nn.Module):
    """x + f(x), where f is two convolutions with instance norm."""

    def __init__(self, maps: int) -> None:
        self.body = nn.Sequential(*_conv(maps, maps), nn.ReLU(), *_conv(maps, maps))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _conv(before: int, maps: int, kernel_size: int = 3) -> list[nn.Module]:
    """A convolution that keeps the size, between images continued by reflection and instance norm."""
    return [
        nn.ReflectionPad2d(kernel_size // 2),
        nn.Conv2d(before, maps, kernel_size, bias=False),
        nn.InstanceNorm2d(maps),
    ]


def generator(channels: int, size: Size, features: int, blocks: int, conditions: int = 0) -> nn.Sequential:
    """Images (n, channels, h, w) of ``size`` -> images in [-1, 1]: down twice, residual blocks, up twice.

    ``features`` is the number of the first and the last feature maps; the blocks have four times as many.
    ``conditions`` more channels beside the image may be planes of one value. Instance norm would take away
    what such a plane adds, so the first layer has none then.

    >>> from minigrad import zeros
    >>> generator(3, (28, 28), features=4, blocks=1)(zeros((2, 3, 28, 28))).shape
    (2, 3, 28, 28)
    """
    first = _conv(channels + conditions, features, 7)
    down, up, maps = [*(first[:-1] if conditions else first), nn.ReLU()], list[nn.Module](), features
    for _ in range(2):
        kernel_size, stride = halving(size)
        conv = nn.Conv2d(maps, 2 * maps, kernel_size, stride, padding=1, bias=False)
        back = nn.ConvTranspose2d(2 * maps, maps, kernel_size, stride, padding=1, bias=False)
        down += [conv, nn.InstanceNorm2d(2 * maps), nn.ReLU()]
        up = [back, nn.InstanceNorm2d(maps), nn.ReLU(), *up]
        size, maps = halved(size), 2 * maps
    last = [nn.ReflectionPad2d(3), nn.Conv2d(features, channels, 7), nn.Tanh()]
    return initialised(nn.Sequential(*down, *[Residual(maps) for _ in range(blocks)], *up, *last))
