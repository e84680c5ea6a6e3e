"""Which pictures a system has: what each kind needs, tried on zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.systems import System
from minigrad import Tensor, tensor
from minigrad.devices import to_device
from minigrad.optim import Optimizer

__all__ = ["Z", "has_d_of_images", "has_latents", "has_loss_in_the_plane", "is_trained", "makes_images"]

Z = "samples that a vector z decides, as images or as points in the plane"


def has_latents(system: System) -> bool:
    """Whether z decides samples that can be drawn."""
    if not (system.spec.is_image or system.spec.shape == (2,)) or not hasattr(system.settings, "latent"):
        return False
    with system.evaluating():
        z = system.latent(1, np.random.default_rng(0))
        return system.from_latent(z, _classes(system)) is not None


def makes_images(system: System) -> bool:
    """Whether samples are images."""
    return system.generates and system.spec.is_image


def has_d_of_images(system: System) -> bool:
    """Whether D judges single images."""
    if not makes_images(system):
        return False
    with system.evaluating():
        images = tensor(np.zeros((1, *system.spec.shape)), np.float32, system.device)
        return system.logits(images, _classes(system)) is not None


def has_loss_in_the_plane(system: System) -> bool:
    """Whether samples are points in the plane, of which G has a loss."""
    if system.spec.shape != (2,) or system.spec.kind != "points":
        return False
    with system.evaluating(gradients=True):  # a loss may take gradients itself
        points = tensor(np.zeros((system.settings.batch_size, 2)), np.float32, system.device)
        return system.loss_of_samples(points, points) is not None


def is_trained(system: System) -> bool:
    """Whether optimizers change weights."""
    return any(isinstance(part, Optimizer) for part in system.parts().values())


def _classes(system: Any) -> Tensor | None:
    return Tensor(to_device(np.zeros(1, np.int64), system.device)) if "classes" in system.asks else None
