"""DCGAN's networks, for images of 8 to 64 pixels a side (Radford et al. 2015).

Their rules: the latent vector is projected and reshaped; strided convolutions instead of pooling; no hidden
fully connected layer; batch norm except at G's output and D's input; ReLU and a final tanh in G, LeakyReLU
0.2 in D; initial weights from N(0, 0.02^2).

D halves each side until ``base`` pixels or fewer are left, and G doubles it in reverse: with a base of 7, a
side of 28 is 7, 14 and 28 pixels long, one of 64 is 4, 8, 16, 32 and 64. An odd side is halved to the larger
half: 9 to 5. The smaller the base, the deeper both networks, and the larger the part of an image that one
feature sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from gans.errors import UserError
from minigrad import nn

SIDES = (8, 64)
"""The least and the most pixels of a side."""

BASE = 7
"""The most pixels of a side that is not halved any more, unless a caller chooses another base."""

Size = tuple[int, int]

Network = TypeVar("Network", bound=nn.Module)


def generator(latent: int, shape: Sequence[int], features: int = 64, base: int = BASE) -> nn.Sequential:
    """z (n, latent) -> images (n, *shape) in [-1, 1].

    ``features`` is the number of the last feature maps; each stage before it has twice as many.

    Raises UserError if a side of ``shape`` (c, h, w) has fewer than 8 or more than 64 pixels, ValueError if
    ``base`` is not within 2 to 7.
    """
    sizes = sizes_of(shape, base)
    maps = features * 2 ** (len(sizes) - 1)
    h, w = sizes[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent, maps * h * w, bias=False),
        nn.Unflatten(1, (maps, h, w)),
        nn.BatchNorm2d(maps),
        nn.ReLU(),
    ]
    for size in reversed(sizes[:-1]):
        kernel_size, stride = halving(size, base)
        layers += [
            nn.ConvTranspose2d(maps, maps // 2, kernel_size, stride, padding=1, bias=False),
            nn.BatchNorm2d(maps // 2),
            nn.ReLU(),
        ]
        maps //= 2
    return initialised(nn.Sequential(*layers, nn.Conv2d(maps, shape[0], 3, padding=1), nn.Tanh()))


def discriminator(
    shape: Sequence[int], features: int = 64, norm: bool = True, base: int = BASE
) -> nn.Sequential:
    """Images (n, *shape) -> logits (n, 1).

    ``features`` is the number of the first feature maps; each stage after it has twice as many.
    ``norm=False`` leaves batch norm out: a critic with a gradient penalty needs each output to depend on its
    own input alone (Gulrajani et al. 2017, section 4).

    Raises UserError if a side of ``shape`` (c, h, w) has fewer than 8 or more than 64 pixels, ValueError if
    ``base`` is not within 2 to 7.
    """
    sizes = sizes_of(shape, base)
    layers: list[nn.Module] = []
    before, maps = shape[0], features
    for stage, size in enumerate(sizes[:-1]):
        kernel_size, stride = halving(size, base)
        normed = norm and stage > 0
        layers.append(nn.Conv2d(before, maps, kernel_size, stride, padding=1, bias=not normed))
        if normed:
            layers.append(nn.BatchNorm2d(maps))
        layers.append(nn.LeakyReLU(0.2))
        before, maps = maps, 2 * maps
    h, w = sizes[-1]
    return initialised(nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * h * w, 1)))


def weights_of(latent: int, shape: Sequence[int], features: int = 64, base: int = BASE) -> int:
    """The number of weights in G's first layer and its transposed convolutions: nearly all that G has.

    >>> weights_of(100, (1, 28, 28)), weights_of(100, (1, 28, 28), features=24, base=4)
    (1909760, 565248)
    """
    sizes = sizes_of(shape, base)
    maps = features * 2 ** (len(sizes) - 1)
    count: int = latent * maps * sizes[-1][0] * sizes[-1][1]
    for size in reversed(sizes[:-1]):
        (kh, kw), _ = halving(size, base)
        count += maps * (maps // 2) * kh * kw
        maps //= 2
    return count


def sizes_of(shape: Sequence[int], base: int = BASE) -> list[Size]:
    """The sizes (h, w) of D's feature maps, from the image's own to the last.

    >>> sizes_of((1, 28, 28)), sizes_of((3, 9, 32))
    ([(28, 28), (14, 14), (7, 7)], [(9, 32), (5, 16), (5, 8), (5, 4)])
    >>> sizes_of((1, 28, 28), base=4)
    [(28, 28), (14, 14), (7, 7), (4, 4)]

    Raises UserError if a side has fewer than 8 or more than 64 pixels, TypeError for no shape of an image,
    ValueError if ``base`` is not within 2 to 7.
    """
    if not 2 <= base <= BASE:
        raise ValueError(f"base must be an integer from 2 to {BASE}, got {base!r}")
    if np.shape(shape) != (3,):
        raise TypeError(f"expected the shape (c, h, w) of an image, got {shape!r}")
    least, most = SIDES
    _, h, w = shape
    if not least <= min(h, w) <= max(h, w) <= most:
        raise UserError(
            f"images of {h} x {w} pixels: DCGAN's networks need sides of {least} to {most} pixels; "
            "crop, pad or scale them"
        )
    sizes = [(h, w)]
    while max(h, w) > base:
        h, w = halved((h, w), base)
        sizes.append((h, w))
    return sizes


def halving(size: Size, base: int = BASE) -> tuple[Size, Size]:
    """Kernel size and stride of a convolution with padding 1 that halves an image of ``size``.

    A transposed convolution with the same numbers makes ``size`` again. A kernel of 4 halves an even side,
    one of 3 leaves (side + 1) / 2 of an odd one; a side of the base's length or less keeps its pixels.
    """
    (kh, sh), (kw, sw) = ((3, 1) if side <= base else (3 if side % 2 else 4, 2) for side in size)
    return (kh, kw), (sh, sw)


def halved(size: Size, base: int = BASE) -> Size:
    """The size of what that convolution makes."""
    h, w = (side if side <= base else (side + 1) // 2 for side in size)
    return h, w


def initialised(network: Network) -> Network:
    """Weights from N(0, 0.02^2), batch norm's scales from N(1, 0.02^2), all offsets zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, 0.02)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network
