"""Coloured textures that a key decides, and images blended with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gans.data.chance import Keys, branched, uniform

__all__ = ["between", "texture", "textured"]

Floats32 = npt.NDArray[np.float32]

CLOUDS = {2: 0.4, 5: 0.35, 10: 0.25}
"""The weight of a cloud by the number of its values along a side, between which it passes smoothly."""

CONTRAST = 3.0
"""What the clouds' differences from their mean are multiplied by; the sum of several has little contrast."""

STRIPES = 4.0
"""The most stripes across an image, along each side."""

GRAIN = 0.05
"""The largest change of a pixel's brightness by grain."""

_CLOUDS, _STRIPES, _COLOURS, _GRAIN = range(4)


def textured(a: Floats32, keys: Keys) -> Floats32:
    """The difference of an image of three equal channels and a coloured texture, as MNIST-M is made.

        b = 2 |c - t| - 1,   t = (a + 1) / 2,   c the texture of the key, in [0, 1]

    Strokes show the texture's complement. Ganin et al. 2016, section 5.2.4, blend digits with photographs.
    """
    b = texture(keys, *a.shape[2:])
    b -= (a + 1) / 2
    np.abs(b, out=b)
    b *= 2
    b -= 1
    return b


def texture(keys: Keys, h: int, w: int) -> Floats32:
    """Textures (n, 3, h, w) in [0, 1]: two colours mixed by clouds and stripes, with some grain."""
    n = len(keys)
    drawn = uniform(branched(keys, _COLOURS), 9).reshape(n, 9, 1, 1)
    light, dark = _colour(drawn[:, :4]), _colour(drawn[:, 4:8]) / 2
    share = drawn[:, 8:] ** 2  # of stripes: few images have many
    pattern = (1 - share) * _clouds(keys, h, w) + share * _stripes(keys, h, w)
    grain = uniform(branched(keys, _GRAIN), h * w).reshape(n, 1, h, w) - np.float32(0.5)
    mixed: Floats32 = dark + (light - dark) * pattern + np.float32(2 * GRAIN) * grain
    return np.clip(mixed, 0, 1, out=mixed)


def _colour(drawn: Floats32) -> Floats32:
    """Four numbers (n, 4, 1, 1) as a colour (n, 3, 1, 1) of any brightness, half of it grey."""
    brightness = np.float32(0.2) + np.float32(0.8) * drawn[:, 3:]
    return (1 + drawn[:, :3]) / 2 * brightness


def _clouds(keys: Keys, h: int, w: int) -> Floats32:
    """Smooth values from 0 to 1 (n, 3, h, w): a sum over ``CLOUDS``, of each channel its own in part.

    Corners are multiples of 1/256 and weights of 1/128: float32 holds the sums of their products, so that
    every machine makes the same textures.
    """
    drawn = uniform(branched(keys, _CLOUDS), sum(3 * size**2 for size in CLOUDS))
    total = np.zeros((len(keys), 3, h, w), np.float32)
    start = 0
    for size, weight in CLOUDS.items():
        corners = np.floor(drawn[:, start : start + 3 * size**2] * 64).reshape(-1, 3, size, size)
        start += 3 * size**2
        mixed = (corners + 3 * corners[:, :1]) / 256  # mostly the same in all channels
        rows, columns = (np.rint(between(side, size) * 128) / 128 for side in (h, w))
        total += np.float32(weight) * np.matmul(np.matmul(rows, mixed), columns.T)
    total -= np.float32(0.5)
    total *= np.float32(CONTRAST)
    total += np.float32(0.5)
    return np.clip(total, 0, 1, out=total)


def _stripes(keys: Keys, h: int, w: int) -> Floats32:
    """Stripes from 0 to 1 in any direction, (n, 1, h, w): a triangular wave."""
    down, across, phase = uniform(branched(keys, _STRIPES), 3).T[:, :, None, None]
    rows = (np.arange(h, dtype=np.float32) / np.float32(h))[:, None]
    columns = np.arange(w, dtype=np.float32) / np.float32(w)
    place = np.float32(STRIPES) * (down * rows + (2 * across - 1) * columns) + phase
    wave: Floats32 = np.abs(2 * (place - np.floor(place)) - 1)
    return wave[:, None]


def between(size: int, values: int) -> Floats32:
    """The matrix (size, values) that interpolates linearly between values at equal distances."""
    places = np.linspace(0, values - 1, size)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(values)))
    matrix: Floats32 = weights.astype(np.float32)
    return matrix
