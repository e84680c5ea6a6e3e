"""Digits in scenes: each object is cut out, and the classifier of digits reads it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import IntArray
from gans.metrics.classifier import SHAPE, Classifier, load_classifier
from gans.metrics.resample import resized

__all__ = ["cut_out", "object_accuracy"]

Images = NDArray[np.float32]

MARGIN = 4 / 20
"""What is around a digit of MNIST: its longer side has 20 of the 28 pixels."""


def object_accuracy(
    images: ArrayLike, objects: ArrayLike, classes: ArrayLike, *, classifier: Classifier | None = None
) -> float:
    """The share of objects that the classifier of digits reads as the class in their map, from 0 to 1.

    Images (n, c, h, w) in [-1, 1]; ``objects`` (n, h, w) are the numbers of the objects at each pixel, 0 for
    the background, and ``classes`` (n, h, w) their classes. Real images of the same maps give the share that
    can be reached: an object may hide most of another.

    Raises ValueError if the shapes do not fit, or there is no object.
    """
    digits, labels = cut_out(images, objects, classes)
    judge = load_classifier() if classifier is None else classifier
    return judge.accuracy(digits, labels)


def cut_out(images: ArrayLike, objects: ArrayLike, classes: ArrayLike) -> tuple[Images, IntArray]:
    """Each object alone, as a digit of MNIST: grey images (m, 1, 28, 28), and its class (m,).

    It is the box of the object's pixels, with the largest channel as their brightness. Pixels of other
    objects are black, and those of the background stay. The longer side of the box has 20 pixels then, and
    its middle is the image's.

    Raises ValueError if the shapes do not fit.
    """
    x: Images = np.asarray(images, dtype=np.float32)
    numbers, labels = np.asarray(objects), np.asarray(classes)
    if x.ndim != 4 or not numbers.shape == labels.shape == (len(x), *x.shape[2:]):
        raise ValueError(
            "images (n, c, h, w) with objects and classes (n, h, w) are needed, got "
            f"{x.shape}, {numbers.shape} and {labels.shape}"
        )
    bright = x.max(axis=1)
    found = [
        (_centred(np.where((number == i) | (number == 0), frame, -1), number == i), label[number == i][0])
        for frame, number, label in zip(bright, numbers, labels, strict=True)
        for i in np.unique(number[number > 0])
    ]
    digits = np.stack([digit for digit, _ in found])[:, None] if found else np.empty((0, *SHAPE), np.float32)
    return digits.astype(np.float32), np.array([label for _, label in found], np.int64)


def _centred(frame: Images, mask: NDArray[np.bool_]) -> Images:
    """The box of ``mask`` in the middle of (28, 28) pixels."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = box.shape
    margin = max(1, round(MARGIN * max(h, w)))
    side = max(h, w) + 2 * margin
    canvas = np.full((side, side), -1, np.float32)
    top, left = (side - h) // 2, (side - w) // 2
    canvas[top : top + h, left : left + w] = box
    digit: Images = resized(canvas[None, None], *SHAPE[1:])[0, 0]
    return digit
