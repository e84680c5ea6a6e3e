"""An encoder and a decoder of images: strided convolutions and a fully connected layer, for a VAE."""

from __future__ import annotations

from collections.abc import Sequence

from gans.networks.dcgan import halving, sizes_of
from gans.networks.mlp import mlp
from minigrad import nn


def convolutional(
    shape: Sequence[int], latent: int, features: int, width: int
) -> tuple[nn.Sequential, nn.Sequential]:
    """Images (n, *shape) -> (n, 2 latent), and z (n, latent) -> images without a last activation.

    ``features`` is the number of the first feature maps; each stage after it has twice as many, and a hidden
    layer has ``width`` units. The decoder has the encoder's layers in reverse.

    >>> from minigrad import zeros
    >>> encoder, decoder = convolutional((1, 28, 28), latent=3, features=4, width=8)
    >>> encoder(zeros((2, 1, 28, 28))).shape, decoder(zeros((2, 3))).shape
    ((2, 6), (2, 1, 28, 28))
    """
    sizes = sizes_of(shape)
    encoder: list[nn.Module] = []
    decoder: list[nn.Module] = []
    maps, more = shape[0], features
    for size in sizes[:-1]:
        kernel_size, stride = halving(size)
        encoder += [nn.Conv2d(maps, more, kernel_size, stride, padding=1), nn.ReLU()]
        decoder = [nn.ConvTranspose2d(more, maps, kernel_size, stride, padding=1), nn.ReLU(), *decoder]
        maps, more = more, 2 * more
    h, w = sizes[-1]
    encoder += [nn.Flatten(), *mlp((maps * h * w, width, 2 * latent), nn.ReLU)]
    first = mlp((latent, width, maps * h * w), nn.ReLU)
    decoder = [*first, nn.ReLU(), nn.Unflatten(1, (maps, h, w)), *decoder[:-1]]
    return nn.Sequential(*encoder), nn.Sequential(*decoder)
