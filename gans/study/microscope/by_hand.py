"""The gradients of an opened step by hand: the third value beside the engine's and the finite difference."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gans.study.engine import relative_difference
from gans.study.opened import OpenedStep, OpenedUpdate
from gans.study.twins import TWINS, geometry, in_layers
from gans.systems import find
from minigrad.inspect import Trace

__all__ = ["ByHand", "by_hand_of"]

Array = NDArray[np.float64]

FREE = (
    "model",
    "batch_size",
    "latent",
    "features",
    "base",
    "penalty",
    "critic_steps",
    "lr",
    "lr_ratio",
    "beta1",
    "beta2",
)
"""Settings that the hand-written steps leave to the reader, or that only an optimizer reads."""


class ByHand(NamedTuple):
    """A parameter's gradient by hand: its norm, and the largest difference from the engine's, relative."""

    norm: float
    difference: float


def by_hand_of(step: OpenedStep, update: OpenedUpdate) -> dict[int, ByHand]:
    """The gradients by hand of an update, by the parameter's Value; none without a hand-written twin.

    GAN, DCGAN and WGAN-GP have one on images, with their own losses and without training tricks.
    """
    if not _has_twin(step):
        return {}
    trace, system = update.trace, step.system
    twin, G, D = TWINS[step.model], _weights(trace, "generator"), _weights(trace, "discriminator")
    more = () if step.model == "gan" else geometry(system)
    z = _leaf(trace, "normal")
    if update.name == "generator":
        network, made = "generator", twin.step_g(z, G, D, *more)["G"]
    else:
        real = trace.value("real").array
        assert real is not None
        given: tuple[Any, ...] = (real.reshape(len(real), -1) if step.model == "gan" else real, z)
        if step.model == "wgan-gp":
            given, more = (*given, _leaf(trace, "uniform")), (*more, system.settings.penalty)
        network, made = "discriminator", twin.step_d(*given, G, D, *more)["D"]
    arrays = [array for layer in made for array in layer]
    return dict(
        _compared(trace, name, array) for name, array in zip(_names(trace, network), arrays, strict=True)
    )


def _has_twin(step: OpenedStep) -> bool:
    settings = step.system.settings
    preset = find(step.model).presets.get("image") if step.model in TWINS else None
    if preset is None or step.system.spec.kind != "image":
        return False
    others = [field.name for field in fields(settings) if field.name not in FREE]
    return all(getattr(settings, name) == getattr(preset, name) for name in others)


def _compared(trace: Trace, name: str, by_hand: Array) -> tuple[int, ByHand]:
    value = trace.value(name)
    walk = next(walk for walk in trace.walks if not walk.extra and not walk.graph)
    gradient = trace.gradient_of(value, walk)
    assert gradient is not None
    engine = trace.values[gradient].array
    assert engine is not None
    difference = relative_difference(by_hand, engine)
    return value.index, ByHand(float(np.linalg.norm(by_hand)), difference)


def _names(trace: Trace, network: str) -> list[str]:
    return [value.name for value in trace.parameters if value.name.startswith(f"{network}.")]


def _weights(trace: Trace, network: str) -> list[tuple[Array, ...]]:
    arrays = [trace.value(name).array for name in _names(trace, network)]
    return in_layers([array for array in arrays if array is not None])


def _leaf(trace: Trace, name: str) -> Array:
    """The numbers that the update drew: before they were converted to float64, which is exact."""
    array = trace.value(name).array
    assert array is not None
    return array.astype(np.float64)
