"""What images are compared by: the features of the classifier of digits, or thumbnails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gans.metrics.checks import Float64Array
from gans.metrics.classifier import SHAPE
from gans.metrics.resample import grey, resized

__all__ = ["SURE", "THUMBNAIL", "as_digits", "thumbnails"]

SURE = 0.9
"""The least accuracy on the data's own test images at which the classifier's figures count."""

THUMBNAIL = 8
"""The most pixels of a thumbnail's side."""


def as_digits(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (n, c, h, w) as the classifier takes them, grey (n, 1, 28, 28); such ones are not changed."""
    return images if images.shape[1:] == SHAPE else resized(grey(images), *SHAPE[1:])


def thumbnails(images: NDArray[np.float32]) -> Float64Array:
    """Images (n, c, h, w) as features (n, 64 c): the values of 8 x 8 pixels, each with its colours.

    They hold the coarse shapes and colours of an image, and nothing that is finer.
    """
    small = resized(images, THUMBNAIL, THUMBNAIL)
    return small.reshape(len(small), -1).astype(np.float64)
