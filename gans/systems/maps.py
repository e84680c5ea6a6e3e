"""Label maps with objects, as a system reads them on its device; ``gans.data.layouts`` has their channels."""

from __future__ import annotations

import numpy as np

from gans.data.layouts import INSTANCES
from gans.networks.pix2pixhd import object_means
from minigrad import Tensor
from minigrad.ops import abs, argmax, concatenate

__all__ = ["classes_of", "masks_of"]


def masks_of(a: Tensor) -> Tensor:
    """The pixels of each object of maps, (n, m, h, w) of 0 and 1; object 0 is the background."""
    numbers = a[:, -1:] * INSTANCES
    found = [abs(numbers - i) < 0.5 for i in range(INSTANCES + 1)]
    return concatenate(found, axis=1).astype(np.float32)


def classes_of(a: Tensor) -> Tensor:
    """The channel of each object's class in maps, (n, m): 0 for the background, and for absent objects."""
    return argmax(object_means(a[:, :-2], masks_of(a)), axis=1)
