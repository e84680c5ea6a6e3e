"""Label maps with objects, as a system reads them on its device; ``gans.data.layouts`` has their channels."""

from __future__ import annotations

import numpy as np

from gans.data.layouts import INSTANCES
from gans.data.spec import Spec
from gans.errors import UserError
from gans.networks.pix2pixhd import LEAST_SIDE, object_means, painted
from minigrad import Tensor
from minigrad.ops import abs, argmax, concatenate

__all__ = ["check_maps", "classes_of", "masks_of", "with_styles"]

LEAST_CHANNELS = 4
"""Of a label map: the background, a class, the boundaries, the numbers of objects."""


def masks_of(a: Tensor) -> Tensor:
    """The pixels of each object of maps, (n, m, h, w) of 0 and 1; object 0 is the background."""
    numbers = a[:, -1:] * INSTANCES
    found = [abs(numbers - i) < 0.5 for i in range(INSTANCES + 1)]
    return concatenate(found, axis=1).astype(np.float32)


def classes_of(a: Tensor) -> Tensor:
    """The channel of each object's class in maps, (n, m): 0 for the background, and for absent objects."""
    return argmax(object_means(a[:, :-2], masks_of(a)), axis=1)


def with_styles(a: Tensor, styles: Tensor) -> Tensor:
    """Maps as G sees them: classes and boundaries, and the features (n, f, m) of objects at their pixels."""
    return concatenate([a[:, :-1], painted(styles, masks_of(a))], axis=1)


def check_maps(spec: Spec, model: str) -> None:
    """Raise UserError unless the sources are maps with objects, as large as the scenes and not too small."""
    maps, (_, h, w) = spec.source, spec.shape
    if maps is None or maps[0] < LEAST_CHANNELS or maps[1:] != spec.shape[1:]:
        raise UserError(
            f"{model} needs maps of classes and instances beside scenes of one size, such as scenes:mnist5k; "
            f"got {maps} and {spec.shape}"
        )
    if min(h, w) < LEAST_SIDE:
        raise UserError(f"images of {h} x {w} pixels: {model} needs sides of at least {LEAST_SIDE}")
