"""GANs on points whose networks differ in one thing each from those of ``gans.systems.gan``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from gans.data.spec import Spec
from gans.networks.maxout import Maxout
from gans.networks.mlp import leaky, mlp
from gans.reproductions.images import with_networks
from gans.systems import System
from gans.systems.gan import GAN
from gans.systems.two_player_networks import fully_connected
from minigrad import nn

__all__ = [
    "LAYER_G",
    "LEAKY",
    "MAXOUT",
    "NORM_ALL",
    "NORM_BOTH",
    "NORM_D",
    "NORM_G",
    "WEIGHT_G",
    "WIDE_D",
    "WIDE_G",
    "normed",
]

WIDE = 256


def normed(
    sizes: list[int],
    norm: Callable[[int], nn.Module],
    *,
    ends: bool = False,
    activation: Callable[[], nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """Linear layers with ``norm`` and ``activation`` between them; with ``ends`` the last has ``norm``."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), norm(outputs), activation()]
    return nn.Sequential(*layers[: -1 if ends else -2])


def _layers(settings: Any, spec: Spec) -> tuple[list[int], list[int]]:
    """The sizes of G's layers and of D's."""
    (size,), inner = spec.shape, [settings.width] * settings.depth
    return [settings.latent, *inner, size], [size, *inner, 1]


def _with(name: str, make: Callable[[Any, Spec], nn.Module]) -> type[System]:
    """A GAN with the network ``name`` of ``make`` in place of its usual one."""
    return _changed({name: make})


def _changed(changes: dict[str, Callable[[Any, Spec], nn.Module]]) -> type[System]:
    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        usual = fully_connected(settings, spec)
        return {name: changes[name](settings, spec) if name in changes else usual[name] for name in usual}

    return with_networks(GAN, networks)


def _maxout(settings: Any, spec: Spec) -> nn.Module:
    (size,), width = spec.shape, settings.width
    return nn.Sequential(Maxout(size, width, 2), Maxout(width, width, 2), nn.Linear(width, 1))


LEAKY = _with("discriminator", lambda settings, spec: mlp(_layers(settings, spec)[1], leaky))
"""LeakyReLU in D."""

MAXOUT = _with("discriminator", _maxout)
"""Maxout of two pieces in D."""

WIDE_D = _with("discriminator", lambda settings, spec: mlp((spec.shape[0], WIDE, WIDE, 1), nn.ReLU))
"""256 units in each layer of D."""

WIDE_G = _with("generator", lambda settings, spec: mlp((settings.latent, WIDE, WIDE, spec.shape[0]), nn.ReLU))
"""256 units in each layer of G."""

NORM_G = _with("generator", lambda settings, spec: normed(_layers(settings, spec)[0], nn.BatchNorm1d))
"""Batch norm in G's hidden layers."""

LAYER_G = _with("generator", lambda settings, spec: normed(_layers(settings, spec)[0], nn.LayerNorm))
"""Layer norm in G's hidden layers."""


def _weight_normed(settings: Any, spec: Spec) -> nn.Module:
    made = mlp(_layers(settings, spec)[0], nn.ReLU)
    for layer in made:
        if isinstance(layer, nn.Linear):
            nn.utils.weight_norm(layer)
    return made


WEIGHT_G = _with("generator", _weight_normed)
"""Weight norm in all layers of G."""

NORM_D = _with("discriminator", lambda settings, spec: normed(_layers(settings, spec)[1], nn.BatchNorm1d))
"""Batch norm in D's hidden layers."""

NORM_BOTH = _changed(
    {
        "generator": lambda settings, spec: normed(_layers(settings, spec)[0], nn.BatchNorm1d),
        "discriminator": lambda settings, spec: normed(_layers(settings, spec)[1], nn.BatchNorm1d),
    }
)
"""Batch norm in the hidden layers of both."""


def _input_norm(settings: Any, spec: Spec) -> nn.Module:
    inner = normed(_layers(settings, spec)[1], nn.BatchNorm1d)
    return nn.Sequential(nn.BatchNorm1d(spec.shape[0]), *inner)


NORM_ALL = _changed(
    {
        "generator": lambda settings, spec: normed(_layers(settings, spec)[0], nn.BatchNorm1d, ends=True),
        "discriminator": _input_norm,
    }
)
"""The same, and at G's output and at D's input."""
