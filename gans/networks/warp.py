"""Random affine maps of the images that a discriminator sees (Karras et al. 2020, Zhao et al. 2020).

Real and generated images are warped alike, so that G still learns the images as they are, and D does not
learn a few thousand real images by heart.
"""

from __future__ import annotations

import numpy as np

from gans.networks.sampling import sampled
from minigrad import Tensor, no_grad
from minigrad.devices import to_device
from minigrad.distributed import in_parts
from minigrad.ops import cos, reshape, sin
from minigrad.random import Generator, uniform

ANGLE = 0.25
"""The largest angle, in radians."""

SHEAR = 0.4
"""The largest slant: what a column moves to the side, over its distance from the middle row."""

SCALE = 0.2
"""The largest change of size, as a share."""

SHIFT = 0.2
"""The largest shift in each direction, over half of a side."""

SEEN = 0.6
"""The size of the largest maps that a discriminator sees, over that of second views."""


def warp(images: Tensor, strength: Tensor | float, rng: Generator) -> Tensor:
    """Images (n, c, h, w) in [-1, 1], each turned, slanted, scaled and shifted at random, black outside.

    Each of the five amounts is uniform up to its largest times ``strength``. A pixel is interpolated between
    the four pixels around its place in the given image.

    >>> images = uniform((2, 1, 8, 8))
    >>> bool((abs(warp(images, 0.0, None) - images).numpy() < 1e-6).all())
    True
    """
    n, _, h, w = images.shape
    with no_grad():
        x, y = _places(n, h, w, strength, rng, images.device)
    return sampled(images, x, y)


def seen(images: Tensor, left: Tensor | None, rng: Generator) -> Tensor:
    """The images as a discriminator sees them beside second views: the share ``left`` of its maps' size."""
    return images if left is None else warp(images, left * SEEN, rng)


def _places(
    n: int, h: int, w: int, strength: Tensor | float, rng: Generator, device: str
) -> tuple[Tensor, Tensor]:
    """Columns and rows (n, h, w) of the given images, from which the pixels of the warped ones come."""
    with in_parts(5):
        drawn = uniform((5 * n, 1, 1), generator=rng, device=device)
    draws = (reshape(drawn, (5, n, 1, 1)) * 2 - 1) * strength
    angle, slant, larger = draws[0] * ANGLE, draws[1] * SHEAR, 1 + draws[2] * SCALE
    down, across = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    v, u = (Tensor(to_device(side.astype(np.float32), device)) for side in (down, across))
    x = larger * (cos(angle) * u - sin(angle) * v) + slant * v + draws[3] * SHIFT
    y = larger * (sin(angle) * u + cos(angle) * v) + draws[4] * SHIFT
    return (x + 1) * ((w - 1) / 2), (y + 1) * ((h - 1) / 2)
