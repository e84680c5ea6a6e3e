"""Aligned pairs made from images: an outline, a noisy, a small or a masked image, and the image itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from gans.data.chance import Keys, bell, below, keys_of
from gans.data.computed import TEST, ComputedPairs, Floats32, Stream
from gans.data.images import ImageData, Integers
from gans.data.neighbourhoods import brightest_of_cross

__all__ = ["PAIRS", "PairData", "PairMaker", "edges", "masked", "noisy", "small"]

NOISE = 1.0
"""Standard deviation of ``noisy``, where black is -1 and white 1."""

SHRINK = 4
"""Pixels of an image along a side for one pixel of ``small``."""


def edges(b: Floats32) -> Floats32:
    """The outline, 1 on -1 and one pixel wide: (n, c, h, w) -> (n, 1, h, w).

    It holds the pixels that are darker than middle grey (0) and have a brighter one among their four
    neighbours. A colour image counts by the mean of its channels.
    """
    bright = b.mean(axis=1, keepdims=True) > 0
    outline = brightest_of_cross(bright)
    outline ^= bright
    return np.where(outline, np.float32(1), np.float32(-1))


def noisy(b: Floats32, keys: Keys) -> Floats32:
    """The image plus bell-shaped noise of standard deviation 1, cut to [-1, 1]; the shape is kept."""
    a = bell(keys, b[0].size).reshape(b.shape)
    if NOISE != 1.0:
        a *= np.float32(NOISE)
    a += b
    return np.clip(a, -1, 1, out=a)


def small(b: Floats32) -> Floats32:
    """The means of squares of 4 x 4 pixels, each in the place of its square; the shape is kept.

    The last squares of a side that 4 does not divide are smaller.
    """
    h, w = b.shape[2:]
    rows, columns = np.arange(0, h, SHRINK), np.arange(0, w, SHRINK)
    heights, widths = np.diff(rows, append=h), np.diff(columns, append=w)
    means = np.add.reduceat(np.add.reduceat(b, rows, axis=2), columns, axis=3)
    means /= (heights[:, None] * widths).astype(np.float32)
    return means.repeat(heights, axis=2).repeat(widths, axis=3)


def masked(b: Floats32, keys: Keys) -> Floats32:
    """The image with a square of middle grey (0), half as long as the shorter side; the shape is kept.

    The square lies anywhere within the image, each place as often as another.
    """
    h, w = b.shape[2:]
    side = min(h, w) // 2
    top, left = below(keys, (h - side + 1, w - side + 1)).T
    rows, columns = np.arange(h) - top[:, None], np.arange(w) - left[:, None]
    hidden = ((rows >= 0) & (rows < side))[:, None, :, None] & ((columns >= 0) & (columns < side))[
        :, None, None
    ]
    return np.where(hidden, np.float32(0), b)


@dataclass(frozen=True)
class PairMaker:
    """``source(b, keys)`` makes the inputs a of the images b; ``grey`` says that a has one channel always."""

    summary: str
    source: Callable[[Floats32, Keys], Floats32]
    grey: bool = False


PAIRS: dict[str, PairMaker] = {
    "edges": PairMaker("the outline -> the image", lambda b, keys: edges(b), grey=True),
    "noisy": PairMaker("the image with noise -> the image", noisy),
    "small": PairMaker("a low resolution, a quarter a side -> the image", lambda b, keys: small(b)),
    "masked": PairMaker("the image with a hidden square -> the image", masked),
}
"""The makers of pairs by the prefix that ``load`` takes."""


@dataclass(frozen=True, eq=False)
class PairData(ComputedPairs):
    """Pairs (a, b): b is an image of a set, and a is made from it by the maker that ``prefix`` names.

    a is computed on demand, the same for the same image at any time, and never stored.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> pairs = PairData("edges", load_mnist5k())
    >>> a, b = pairs.batch(np.array([3, 1]))
    >>> a.shape, b.shape, pairs.name
    ((2, 1, 28, 28), (2, 1, 28, 28), 'edges:mnist5k')
    """

    prefix: str
    images: ImageData

    kind: ClassVar[Literal["pairs"]] = "pairs"
    vocabulary: ClassVar[int] = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one b."""
        return self.images.shape

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one a."""
        c, h, w = self.images.shape
        return (1 if PAIRS[self.prefix].grey else c, h, w)

    @property
    def classes(self) -> int:
        """Number of classes of the images."""
        return self.images.classes

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """The class of each training pair, or none."""
        return self.images.labels

    @property
    def test_labels(self) -> npt.NDArray[np.uint8]:
        """The class of each test pair, or none."""
        return self.images.test_labels

    def _computed(self, chosen: Integers, stream: Stream) -> tuple[Floats32, Floats32]:
        b = self.images.test(chosen) if stream == TEST else self.images.train(chosen)
        return PAIRS[self.prefix].source(b, keys_of(chosen, stream)), b
