"""The sliced Wasserstein distance of image patches at each scale of a Laplacian pyramid."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.wasserstein import sliced_wasserstein

Images = NDArray[np.float32]

__all__ = ["pyramid_wasserstein"]

PATCH = 7
"""The sides of a patch, in pixels."""

PATCHES = 16
"""The patches of an image at each scale."""

TAPS = np.array([1, 4, 6, 4, 1], np.float32) / 16


def pyramid_wasserstein(x: ArrayLike, y: ArrayLike, *, seed: int = 0) -> float:
    """Mean sliced Wasserstein distance of patches of images x and y (n, c, h, w), over their scales; >= 0.

    An image is split into what each halving of its sides loses, and the rest (Burt and Adelson 1983). At
    each scale ``PATCHES`` patches of 7 x 7 pixels are taken from each image at random, and each channel of a
    set is brought to mean 0 and variance 1. Karras et al. 2018, section 5, there with 128 patches of 16,384
    images and times 1,000.

    Raises ValueError unless both are images of one shape with sides of at least 7 pixels.

    >>> x = np.random.default_rng(0).standard_normal((8, 1, 14, 14))
    >>> pyramid_wasserstein(x, x) == 0 < pyramid_wasserstein(x, x[:, :, :, ::-1].cumsum(axis=3))
    True
    """
    a, b = np.asarray(x, np.float32), np.asarray(y, np.float32)
    if a.ndim != 4 or a.shape[1:] != b.shape[1:] or min(a.shape[2:]) < PATCH or not len(a) or not len(b):
        raise ValueError(
            f"images (n, c, h, w) of one shape, {PATCH} pixels or more a side: {a.shape}, {b.shape}"
        )
    scales = zip(_pyramid(a), _pyramid(b), strict=True)
    distances = [sliced_wasserstein(_patches(p, seed), _patches(q, seed), seed=seed) for p, q in scales]
    return float(np.mean(distances))


def _pyramid(images: Images) -> list[Images]:
    """What each halving loses, and the smallest images."""
    scales = []
    while min(images.shape[2:]) >= 2 * PATCH:
        small = _blurred(images)[:, :, ::2, ::2]
        h, w = images.shape[2:]
        scales.append(images - _blurred(small.repeat(2, axis=2).repeat(2, axis=3)[:, :, :h, :w]))
        images = small
    return [*scales, images]


def _blurred(images: Images) -> Images:
    """Each pixel as a mean of its neighbourhood, with binomial weights; borders are mirrored."""
    for axis in (2, 3):
        widths = [(2, 2) if at == axis else (0, 0) for at in range(4)]
        padded, n = np.pad(images, widths, mode="reflect"), images.shape[axis]
        images = sum(tap * padded.take(range(i, i + n), axis) for i, tap in enumerate(TAPS))
    return images


def _patches(images: Images, seed: int) -> Images:
    """Random patches (PATCHES n, c 7 7), at the same places of each set."""
    rng = np.random.default_rng(seed)
    n, channels, h, w = images.shape
    rows, columns = (rng.integers(0, side - PATCH + 1, (PATCHES, n))[..., None, None] for side in (h, w))
    steps = np.arange(PATCH)
    found = images[np.arange(n)[:, None, None], :, rows + steps[:, None], columns + steps]
    flat = found.reshape(-1, PATCH, PATCH, channels)
    centred = flat - flat.mean(axis=(0, 1, 2))
    scaled: Images = (centred / np.maximum(centred.std(axis=(0, 1, 2)), 1e-8)).reshape(len(flat), -1)
    return scaled
