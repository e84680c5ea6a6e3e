"""Stacked digits: three images drawn at random as the colours of one, with a thousand modes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from gans.data.chance import below, keys_of
from gans.data.computed import TEST, TRAIN, ComputedImages, Stream
from gans.data.images import ImageData, Integers
from gans.errors import UserError

__all__ = ["STACKED", "StackedData"]

Floats32 = npt.NDArray[np.float32]

STACKED = 3
"""Images in one: red, green and blue."""

TRAINING, TESTS = 128_000, 26_000
"""As many as Lin et al. 2018 train and test with."""

MOST_CLASSES = 40
"""The most classes whose triples are classes."""


@dataclass(frozen=True, eq=False)
class StackedData(ComputedImages):
    """Images of three channels, each of them a grey image of a set, drawn at random.

        label = k^2 d_1 + k d_2 + d_3      for channels of the classes d_1, d_2, d_3 out of k

    With ten digits there are 1,000 classes, as frequent as each other. There are 128,000 training images and
    26,000 test images, drawn from the set's training and test images with replacement (Lin et al. 2018,
    PacGAN, section 4.2). More than 40 classes give none of their own.

    Raises UserError for images in colour.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> stacked = StackedData(load_mnist5k())
    >>> len(stacked), stacked.tests, stacked.classes, stacked.train(slice(5)).shape
    (128000, 26000, 1000, (5, 3, 28, 28))
    """

    images: ImageData

    prefix: ClassVar[str] = "stacked"

    def __post_init__(self) -> None:
        if self.images.shape[0] != 1:
            raise UserError(f"{self.name}: needs grey images, and those of {self.images.name} are in colour")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (3, h, w) of one image."""
        return (STACKED, *self.images.shape[1:])

    @property
    def classes(self) -> int:
        """Number of classes, k^3; 0 without labels."""
        return self.images.classes**STACKED if self.images.classes <= MOST_CLASSES else 0

    @cached_property
    def labels(self) -> Integers:
        """The class of each training image, int64 (n,), or none."""
        return self._labels(self.images.labels, len(self), TRAIN)

    @cached_property
    def test_labels(self) -> Integers:
        """The class of each test image, or none."""
        return self._labels(self.images.test_labels, self.tests, TEST)

    @property
    def tests(self) -> int:
        """Number of test images: 26,000, or 0 if the set has none."""
        return TESTS if self.images.tests else 0

    def __len__(self) -> int:
        return TRAINING

    def parts(self, chosen: Integers, stream: Stream = TRAIN) -> Integers:
        """The numbers (n, 3) of the images that stand in the channels of these."""
        count = self.images.tests if stream == TEST else len(self.images)
        return below(keys_of(chosen, stream), (count,) * STACKED)

    def _computed(self, chosen: Integers, stream: Stream) -> Floats32:
        of = self.images.test if stream == TEST else self.images.train
        return of(self.parts(chosen, stream).reshape(-1)).reshape(len(chosen), *self.shape)

    def _labels(self, labels: npt.NDArray[np.uint8], count: int, stream: Stream) -> Integers:
        if not self.classes or not len(labels):
            return np.empty(0, np.int64)
        digits = labels[self.parts(np.arange(count), stream)].astype(np.int64)
        return digits @ self.images.classes ** np.arange(STACKED - 1, -1, -1)
