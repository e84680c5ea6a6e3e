"""Random affine maps of the images that a discriminator sees (Karras et al. 2020, Zhao et al. 2020).

Real and generated images are warped alike, so that G still learns the images as they are, and D does not
learn a few thousand real images by heart.
"""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, no_grad
from minigrad.devices import to_device
from minigrad.ops import cos, floor, maximum, minimum, pad, reshape, sin, stack, sum
from minigrad.random import Generator, uniform

ANGLE = 0.25
"""The largest angle, in radians."""

SHEAR = 0.4
"""The largest slant: what a column moves to the side, over its distance from the middle row."""

SCALE = 0.2
"""The largest change of size, as a share."""

SHIFT = 0.2
"""The largest shift in each direction, over half of a side."""


def warp(images: Tensor, strength: Tensor | float, rng: Generator) -> Tensor:
    """Images (n, c, h, w) in [-1, 1], each turned, slanted, scaled and shifted at random, black outside.

    Each of the five amounts is uniform up to its largest times ``strength``. A pixel is interpolated between
    the four pixels around its place in the given image.

    >>> images = uniform((2, 1, 8, 8))
    >>> bool((abs(warp(images, 0.0, None) - images).numpy() < 1e-6).all())
    True
    """
    n, c, h, w = images.shape
    with no_grad():
        x, y = _places(n, h, w, strength, rng, images.device)
        # Places in an image with a border of one black pixel: further outside all is black, too.
        x, y = _between(x + 1, w + 1), _between(y + 1, h + 1)
        left, top = minimum(floor(x), float(w)), minimum(floor(y), float(h))
        right, low = x - left, y - top
        shares = stack([(1 - low) * (1 - right), (1 - low) * right, low * (1 - right), low * right])
        corners = reshape((top * (w + 2) + left).astype(np.int64), (n, 1, h * w))
        starts = np.arange(n * c).reshape(n, c, 1) * ((h + 2) * (w + 2))
        others = np.array([0, 1, w + 2, w + 3]).reshape(4, 1, 1, 1)
        index = corners + Tensor(to_device(starts, images.device))
        index = index + Tensor(to_device(others, images.device))
    bordered = reshape(pad(images + 1, ((0, 0), (0, 0), (1, 1), (1, 1))), (-1,))
    around = reshape(bordered[reshape(index, (-1,))], (4, n, c, h * w))
    warped = sum(around * reshape(shares, (4, n, 1, h * w)), axis=0) - 1
    return reshape(warped, (n, c, h, w))


def _between(x: Tensor, most: int) -> Tensor:
    """x, but at least 0 and at most ``most``."""
    return minimum(maximum(x, 0.0), float(most))


def _places(
    n: int, h: int, w: int, strength: Tensor | float, rng: Generator, device: str
) -> tuple[Tensor, Tensor]:
    """Columns and rows (n, h, w) of the given images, from which the pixels of the warped ones come."""
    draws = (uniform((5, n, 1, 1), generator=rng, device=device) * 2 - 1) * strength
    angle, slant, larger = draws[0] * ANGLE, draws[1] * SHEAR, 1 + draws[2] * SCALE
    down, across = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    v, u = (Tensor(to_device(side.astype(np.float32), device)) for side in (down, across))
    x = larger * (cos(angle) * u - sin(angle) * v) + slant * v + draws[3] * SHIFT
    y = larger * (sin(angle) * u + cos(angle) * v) + draws[4] * SHIFT
    return (x + 1) * ((w - 1) / 2), (y + 1) * ((h - 1) / 2)
