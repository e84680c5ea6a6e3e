"""The networks of GANs of two players, as functions of the settings and of the data."""

from __future__ import annotations

import math

from gans.data.spec import Spec
from gans.errors import UserError
from gans.networks import dcgan, mlp
from gans.networks.packs import judging_packs
from gans.systems.two_player_settings import ConvolutionalSettings, TwoPlayerSettings
from minigrad import nn

__all__ = ["MOST_WEIGHTS", "check_size", "convolutional", "fully_connected", "without_norm"]

MOST_WEIGHTS = 2**27
"""The most weights of a network; its gradient and each of Adam's averages take as much memory."""


def _points(settings: TwoPlayerSettings, spec: Spec, pack: int = 1) -> dict[str, nn.Module]:
    size, width, depth = spec.shape[0], settings.width, settings.depth
    return {
        "generator": mlp.point_generator(settings.latent, size, width, depth),
        "discriminator": judging_packs(pack, mlp.point_discriminator(pack * size, width, depth)),
    }


def fully_connected(settings: TwoPlayerSettings, spec: Spec) -> dict[str, nn.Module]:
    """Multilayer perceptrons for images, or those for points."""
    if not spec.is_image:
        return _points(settings, spec)
    return {
        "generator": mlp.image_generator(settings.latent, spec.shape),
        "discriminator": mlp.image_discriminator(spec.shape),
    }


def convolutional(
    settings: ConvolutionalSettings, spec: Spec, norm: bool = True, pack: int = 1
) -> dict[str, nn.Module]:
    """DCGAN's networks, or those for points; D judges ``pack`` samples at once."""
    if not spec.is_image:
        return _points(settings, spec, pack)
    (c, h, w), features, base = spec.shape, settings.features, settings.base
    return {
        "generator": dcgan.generator(settings.latent, spec.shape, features, base),
        "discriminator": judging_packs(pack, dcgan.discriminator((pack * c, h, w), features, norm, base)),
    }


def without_norm(settings: ConvolutionalSettings, spec: Spec) -> dict[str, nn.Module]:
    """The same, with no batch norm in D."""
    return convolutional(settings, spec, norm=False)


def check_size(settings: TwoPlayerSettings, spec: Spec) -> None:
    """Raise UserError for networks that are too large for almost any memory."""
    weights = _weights(settings, spec)
    if weights > MOST_WEIGHTS:
        names = ("latent", "width", "depth", "features")
        sizes = [f"`{name}` {getattr(settings, name):,}" for name in names if hasattr(settings, name)]
        raise UserError(
            f"{settings.model} with {', '.join(sizes[:-1])} and {sizes[-1]} for samples of shape "
            f"{spec.shape} may have {weights:,} weights, more than the {MOST_WEIGHTS:,} that are allowed"
        )


def _weights(settings: TwoPlayerSettings, spec: Spec) -> int:
    """The most weights that one network may have."""
    if isinstance(settings, ConvolutionalSettings) and spec.is_image:
        return dcgan.weights_of(settings.latent, spec.shape, settings.features, settings.base)
    widest = max(settings.width, 256 * 7 * 7)  # units of the layer after z
    return settings.latent * widest + settings.depth * settings.width**2 + 1024 * math.prod(spec.shape)
