"""Layers that enlarge maps, at random weights, and how uneven they make what is even."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad import Tensor, tensor
from minigrad.ops import conv2d, conv_transpose2d, interpolate, pixel_shuffle

__all__ = ["enlarged", "spread"]

MAPS, SIDE, BORDER = 8, 12, 6
"""The maps before and after, their side, and the pixels of the result that feel its border."""


def enlarged(rng: np.random.Generator) -> dict[str, Tensor]:
    """Even maps (1, 8, 12, 12) twice as large by four layers, whose weights are from N(0, 0.02^2).

    ``alike`` is PixelShuffle where the four kernels of a pixel begin alike (Aitken et al. 2017).
    """
    even = tensor(np.ones((1, MAPS, SIDE, SIDE)))

    def weights(*shape: int) -> NDArray[np.float64]:
        return rng.normal(0, 0.02, shape)

    once, fourfold = weights(MAPS, MAPS, 3, 3), weights(4 * MAPS, MAPS, 3, 3)
    return {
        "transposed": conv_transpose2d(even, tensor(weights(MAPS, MAPS, 4, 4)), stride=2, padding=1),
        "upsampled": conv2d(interpolate(even, scale_factor=2), tensor(once), padding=1),
        "shuffled": pixel_shuffle(conv2d(even, tensor(fourfold), padding=1), 2),
        "alike": pixel_shuffle(conv2d(even, tensor(np.repeat(once, 4, axis=0)), padding=1), 2),
    }


def spread(maps: NDArray[Any]) -> float:
    """The standard deviation of the inner pixels over their root mean square, the mean of all maps.

    maps (n, c, h, w).

    >>> spread(np.ones((1, 1, 16, 16)))
    0.0
    """
    inner = maps[:, :, BORDER:-BORDER, BORDER:-BORDER].astype(np.float64)
    size = np.sqrt((inner**2).mean(axis=(2, 3)))
    return float((inner.std(axis=(2, 3)) / size).mean())
