"""Small DCGANs whose networks differ in how they halve or double an image's sides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from gans.data.spec import Spec
from gans.networks.dcgan import initialised
from gans.reproductions.images import with_networks
from gans.systems import System
from gans.systems.gan import DCGAN
from gans.systems.two_player_networks import convolutional
from minigrad import nn

__all__ = ["AVERAGED", "POOLED", "SHUFFLED", "UPSAMPLED"]

SIDE = 7
"""The smallest side, of maps that are halved or doubled twice."""

Between = Callable[[int, int], list[nn.Module]]
"""Layers from so many maps to so many, at half or twice their sides."""


def _halving_by(layers: Between) -> type[System]:
    """A DCGAN whose D has ``layers`` in place of strided convolutions."""

    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        made, maps = list[nn.Module](), (spec.shape[0], settings.features, 2 * settings.features)
        for stage, (before, after) in enumerate(pairwise(maps)):
            norm: list[nn.Module] = [nn.BatchNorm2d(after)] if stage else []
            first, *others = layers(before, after)
            made += [first, *norm, nn.LeakyReLU(0.2), *others]
        D = nn.Sequential(*made, nn.Flatten(), nn.Linear(maps[-1] * SIDE * SIDE, 1))
        return {**convolutional(settings, spec), "discriminator": initialised(D)}

    return with_networks(DCGAN, networks)


def _doubling_by(layers: Between) -> type[System]:
    """A DCGAN whose G has ``layers`` in place of transposed convolutions."""

    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        f = settings.features
        made: list[nn.Module] = [
            nn.Linear(settings.latent, 4 * f * SIDE * SIDE, bias=False),
            nn.Unflatten(1, (4 * f, SIDE, SIDE)),
            nn.BatchNorm2d(4 * f),
            nn.ReLU(),
        ]
        for before, after in ((4 * f, 2 * f), (2 * f, f)):
            made += [*layers(before, after), nn.BatchNorm2d(after), nn.ReLU()]
        G = nn.Sequential(*made, nn.Conv2d(f, spec.shape[0], 3, padding=1), nn.Tanh())
        return {**convolutional(settings, spec), "generator": initialised(G)}

    return with_networks(DCGAN, networks)


POOLED = _halving_by(lambda c, o: [nn.Conv2d(c, o, 3, padding=1), nn.MaxPool2d(2)])
"""D's convolutions keep the sides, and the maximum of four pixels halves them."""

AVERAGED = _halving_by(lambda c, o: [nn.Conv2d(c, o, 3, padding=1), nn.AvgPool2d(2)])
"""The same with the mean of four pixels."""

UPSAMPLED = _doubling_by(
    lambda c, o: [nn.Upsample(scale_factor=2), nn.Conv2d(c, o, 3, padding=1, bias=False)]
)
"""G repeats each pixel four times before a convolution."""

SHUFFLED = _doubling_by(lambda c, o: [nn.Conv2d(c, 4 * o, 3, padding=1, bias=False), nn.PixelShuffle(2)])
"""G makes four pixels of four channels after a convolution."""
