"""The moments of channels in NumPy: what a convolution hands on to the batch norm behind it.

Moments are a float64 array (3, pieces, c). Each of the c channels is split into pieces; for each piece, its
count, its mean and its sum of squared deviations, all zero for a piece without elements.
"""

from __future__ import annotations

import numpy as np

from minigrad.types import Array


def moments_of(y: Array) -> Array:
    """The moments (3, 1, c) of y (n, c, ...), each channel one piece."""
    wide = np.moveaxis(y, 1, 0).reshape(y.shape[1], y.size // max(y.shape[1], 1)).astype(np.float64)
    count = wide.shape[1]
    mean = wide.sum(axis=1) / max(count, 1)
    squares = np.square(wide - mean[:, None]).sum(axis=1)
    return np.stack([np.full_like(mean, count), mean, squares])[:, None]


def merged(moments: Array) -> tuple[Array, Array]:
    """(mean, var), each (c,), of the channels whose moments these are; 0 without elements.

    A channel's squares are those within its pieces and those between them (Chan, Golub and LeVeque 1983).
    """
    counts, means, squares = moments
    count = np.maximum(counts.sum(axis=0), 1)
    mean = (counts * means).sum(axis=0) / count
    var = (squares + counts * np.square(means - mean)).sum(axis=0) / count
    return mean, var


def check_moments(name: str, x: Array, moments: Array | None) -> None:
    """Raise ValueError unless ``moments``, if given, may be those of x (n, c, ...)."""
    if moments is None:
        return
    fits = moments.ndim == 3 and moments.shape[0] == 3 and moments.shape[1] > 0
    if not fits or moments.shape[2:] != x.shape[1:2] or moments.dtype != np.float64:
        raise ValueError(
            f"{name}: expected float64 moments (3, pieces, {x.shape[1]}) for x {x.shape}; got "
            f"{moments.dtype}, shape {moments.shape}"
        )
