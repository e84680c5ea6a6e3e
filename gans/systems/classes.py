"""Classes: samples of those asked for, a picture with a row for each, and those that a network names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System
from minigrad import Tensor
from minigrad.devices import to_device
from minigrad.random import Generator, integers

ROWS, COLUMNS = 16, 8
"""The most classes that a picture shows, and the samples of each."""


def labels_of(system: System, n: int, rng: Generator, ask: Ask) -> Tensor:
    """The first ``n`` classes that are asked for, or classes drawn evenly; on the system's device."""
    if ask.classes is None:
        return integers(0, system.classes, (n,), generator=rng, device=system.device)
    return Tensor(to_device(ask.classes[:n], system.device))


def by_class(system: System, z: Tensor, rng: Generator, ask: Ask) -> Made:
    """Samples of G from z (n, latent), of the classes that are asked for, or of classes drawn evenly."""
    labels = labels_of(system, len(z), rng, ask)
    samples = in_batches(system.generator, z, labels)  # type: ignore[attr-defined]
    return Made(samples, labels=np.asarray(labels.numpy()))


def rows_by_class(system: System, rng: Generator) -> Made:
    """A picture with a row of ``COLUMNS`` samples for each of the first classes."""
    labels = np.repeat(np.arange(min(system.classes, ROWS)), COLUMNS)
    return system.make(len(labels), rng, Ask(labels))._replace(columns=COLUMNS)


def named(logits: Any, images: Any, device: str) -> NDArray[np.int64]:
    """The class (n,) of the largest of ``logits``, a network of images (n, c, h, w)."""
    classes: NDArray[np.int64] = in_batches(logits, images, device=device).argmax(axis=1)
    return classes
