"""Test images of a set that has none: some of its images, which training does not see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gans.data.idx import Bytes
from gans.data.images import ImageData, Integers, image_data

__all__ = ["HELD_OUT", "held_out", "split"]

HELD_OUT = 6
"""One image in this number is held out, in each class."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def held_out(classes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """For images of these classes, (n,): which are test images; a sixth of each class, rounded down.

    Within a class the images in order are numbered, and those whose numbers have the smallest hashes are held
    out (SplitMix64, Steele et al. 2014). The choice depends on nothing but the classes in their order: it is
    the same on every machine.

    >>> held_out(np.zeros(12, int)).sum()
    np.int64(2)
    """
    chosen = np.zeros(len(classes), dtype=np.bool_)
    for label in np.unique(classes):
        rows = np.flatnonzero(classes == label)
        order = np.argsort(_hashes(len(rows)), kind="stable")
        chosen[rows[order[: len(rows) // HELD_OUT]]] = True
    return chosen


def split(
    name: str, images: Bytes, labels: Bytes | Integers | None, class_names: Sequence[str] = ()
) -> ImageData:
    """The data set of these images, of which ``held_out`` decides the test images."""
    is_test = held_out(np.zeros(len(images), np.uint8) if labels is None else labels)
    if not is_test.any():
        return image_data(name, images, labels, class_names=class_names)
    train, test = (None, None) if labels is None else (labels[~is_test], labels[is_test])
    return image_data(name, images[~is_test], train, images[is_test], test, class_names=class_names)


def _hashes(count: int) -> npt.NDArray[np.uint64]:
    """SplitMix64 of 0 to count - 1."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    hashed: npt.NDArray[np.uint64] = x ^ (x >> np.uint64(31))
    return hashed
