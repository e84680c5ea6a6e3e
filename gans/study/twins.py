"""The models that have a hand-written twin, and a system's weights as the twin takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gans.errors import UserError
from gans.study.by_hand import dcgan, gan, wgan_gp
from gans.study.watch import Watched, watch
from minigrad import nn

__all__ = ["TWINS", "Steps", "geometry", "in_layers", "layers", "named", "twin_of", "walk"]

Array = NDArray[np.float64]

TWINS: dict[str, ModuleType] = {"gan": gan, "dcgan": dcgan, "wgan-gp": wgan_gp}
"""The hand-written file of each model."""


class Steps(NamedTuple):
    """Both steps by hand, watched line by line."""

    d: Watched
    g: Watched


def twin_of(model: str) -> ModuleType:
    """The hand-written file of ``model``.

    Raises UserError, which names those that have one, if there is none.
    """
    if model not in TWINS:
        raise UserError(f"{model!r} has no steps written by hand; choose from {', '.join(TWINS)}")
    return TWINS[model]


def walk(model: str, system: Any, real: Array, z: Array, t: Array) -> Steps:
    """Both steps of ``system``'s networks by hand: on images ``real`` (n, c, h, w) and from ``z``.

    ``t`` (n, 1, 1, 1) places the points of WGAN-GP's penalty.
    """
    twin = TWINS[model]
    G, D = layers(system.generator), layers(system.discriminator)
    if model == "gan":
        rows = real.reshape(len(real), -1)
        return Steps(watch([twin], twin.step_d, rows, z, G, D), watch([twin], twin.step_g, z, G, D))
    files, (size, strides) = [twin, dcgan], geometry(system)
    more = (z, t) if model == "wgan-gp" else (z,)
    weight = (system.settings.penalty,) if model == "wgan-gp" else ()
    d = watch(files, twin.step_d, real, *more, G, D, size, strides, *weight)
    return Steps(d, watch(files, twin.step_g, z, G, D, size, strides))


def layers(network: nn.Module) -> list[tuple[Array, ...]]:
    """The weights of ``network``, a tuple for each of its layers, which begins with a matrix or a kernel."""
    return in_layers([parameter.numpy() for parameter in network.parameters()])


def in_layers(arrays: Iterable[Array]) -> list[tuple[Array, ...]]:
    """Weights in their order as a tuple for each layer, which begins with a matrix or a kernel."""
    found: list[tuple[Array, ...]] = []
    for array in arrays:
        found = [*found, (array,)] if array.ndim > 1 else [*found[:-1], (*found[-1], array)]
    return found


def named(network: nn.Module, by_layer: list[tuple[Array, ...]]) -> Iterator[tuple[str, Array]]:
    """The arrays of ``by_layer``, in the order of ``layers``, with the names of the parameters."""
    names = [name for name, _ in network.named_parameters()]
    yield from zip(names, (array for layer in by_layer for array in layer), strict=True)


def geometry(system: Any) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """(h, w) of the smallest maps, and the stride of each of D's convolutions."""
    [cut] = [layer for layer in system.generator.modules() if isinstance(layer, nn.Unflatten)]
    convolutions = [layer for layer in system.discriminator.modules() if isinstance(layer, nn.Conv2d)]
    _, h, w = cut.unflattened_size
    return (h, w), [(layer.stride[0], layer.stride[1]) for layer in convolutions]
