"""Samples by class, for the systems that make them: the labels of samples and of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gans.systems.system import Ask, System
from minigrad import Tensor
from minigrad.devices import to_device
from minigrad.random import Generator, integers

ROWS, COLUMNS = 16, 8
"""The most classes that a picture shows, and the samples of each."""


def labels_of(system: System, n: int, rng: Generator, ask: Ask) -> Tensor:
    """The classes (n,) that are asked for, or classes drawn evenly; on the system's device."""
    if ask.classes is None:
        return integers(0, system.classes, (n,), generator=rng, device=system.device)
    return Tensor(to_device(ask.classes, system.device))


def rows_of_classes(system: System) -> NDArray[np.int64]:
    """The labels of a picture with a row of ``COLUMNS`` samples for each of the first classes."""
    return np.repeat(np.arange(min(system.classes, ROWS)), COLUMNS)
