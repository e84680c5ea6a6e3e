"""Arrays as small pictures of bytes, which the page draws: a row for each sample, a tile for each channel."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLES", "histogram", "picture_of", "weights_of"]

SAMPLES = 6
CHANNELS = 16
SIDE = 64
"""Larger tiles are thinned out: every second number, every third, ..."""
LARGEST = 80_000
"""Bytes of a picture, at most. A page with many pictures has fewer for each."""
BINS = 24


def picture_of(array: NDArray[Any], most: int = LARGEST) -> dict[str, Any] | None:
    """Values (n, ...) of the first samples: images (n, c, h, w) by channel, vectors (n, f) as a line each.

    It has ``most`` bytes: channels are left out, then pixels. None for what has no rows of samples.
    """
    if array.ndim < 2 or array.size == 0:
        return None
    some = np.asarray(array[:SAMPLES], np.float64)
    if some.ndim == 2:
        tiles = some[:, None, None, :]
    elif some.ndim == 3:
        tiles = some[:, None]
    else:
        tiles = some.reshape(len(some), -1, *some.shape[-2:])
    return _packed(_small(tiles[:, :CHANNELS], most))


def weights_of(array: NDArray[Any], most: int = LARGEST) -> dict[str, Any] | None:
    """A weight or its gradient: filters (o, i, kh, kw) as tiles; a matrix as one tile, a tall one lying."""
    if array.size == 0:
        return None
    numbers = np.asarray(array, np.float64)
    if numbers.ndim == 4:
        tiles = numbers[:SAMPLES, :CHANNELS]
    elif numbers.ndim == 2:
        tiles = (numbers.T if len(numbers) > 4 * numbers.shape[1] else numbers)[None, None]
    else:
        tiles = numbers.reshape(1, 1, 1, -1)
    return _packed(_small(tiles, most))


def histogram(array: NDArray[Any]) -> dict[str, Any]:
    """Counts of the finite numbers in equal bins, and the ends."""
    numbers = np.asarray(array, np.float64).ravel()
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return {"low": 0.0, "high": 0.0, "counts": []}
    low, high = float(numbers.min()), float(numbers.max())
    counts, _ = np.histogram(numbers, BINS, (low, high) if high > low else (low - 1, low + 1))
    return {"low": low, "high": high, "counts": counts.tolist()}


def _small(tiles: NDArray[Any], most: int) -> NDArray[Any]:
    """The tiles (rows, columns, h, w) with sides of at most ``SIDE``, and at most ``most`` numbers."""
    side = SIDE
    while True:
        rows, columns = (-(-length // side) for length in tiles.shape[-2:])
        thin = tiles[..., ::rows, ::columns]
        one = thin[:, :1].size  # a channel of each sample
        if one <= most or side <= 8:
            return thin[:, : max(1, most // max(1, one))]
        side //= 2


def _packed(tiles: NDArray[Any]) -> dict[str, Any]:
    """The tiles as bytes, from the smallest number to the largest."""
    finite = np.nan_to_num(tiles, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) / (high - low) if high > low else np.full(finite.shape, 0.5)
    content = np.round(255 * scaled).astype(np.uint8).tobytes()
    return {
        "shape": list(tiles.shape),
        "low": low,
        "high": high,
        "bytes": base64.b64encode(content).decode("ascii"),
    }
