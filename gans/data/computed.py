"""Images and pairs that are computed on demand from the images of a set, and stored nowhere."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from gans.data.images import ImageData, Integers

__all__ = ["TEST", "TRAIN", "Computed", "ComputedImages", "ComputedPairs", "Floats32", "Indices", "Stream"]

Floats32 = npt.NDArray[np.float32]
Indices = npt.NDArray[np.integer] | slice | None

Stream = Literal[0, 1]
TRAIN: Stream = 0
TEST: Stream = 1
"""The streams of ``keys_of`` of training and of test images."""


class Computed(ABC):
    """The common part of sets that are computed from ``images``; ``prefix`` says how."""

    images: ImageData

    if TYPE_CHECKING:  # a field, a constant or a property of each set

        @property
        def prefix(self) -> str: ...

    recipe: ClassVar[int] = 1
    """Raised when other data are computed, so that a run of older ones is not resumed."""

    @property
    def name(self) -> str:
        """The prefix and the name of the images, such as ``stacked:mnist5k``."""
        return f"{self.prefix}:{self.images.name}"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the images lack for an evaluation; see ``ImageData``."""
        return self.images.missing

    @property
    def tests(self) -> int:
        """Number of test samples: as many as test images."""
        return self.images.tests

    def __len__(self) -> int:
        return len(self.images)

    def digest(self) -> str:
        """SHA-256 of the images' digest and the recipe, to recognise the same set in another run."""
        return hashlib.sha256(f"{self.prefix} {self.recipe} {self.images.digest()}".encode()).hexdigest()


class ComputedImages(Computed):
    """What training and evaluation read of an ``ImageData``, for images that an index decides.

    A subclass says how many there are, and computes them.
    """

    kind: ClassVar[Literal["image"]] = "image"

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one image."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """Number of classes; 0 without labels."""

    @property
    @abstractmethod
    def labels(self) -> npt.NDArray[np.integer]:
        """The class of each training image, (n,), or none."""

    @property
    @abstractmethod
    def test_labels(self) -> npt.NDArray[np.integer]:
        """The class of each test image, or none."""

    def train(self, indices: Indices = None) -> Floats32:
        """Training images, float32 (n, c, h, w) in [-1, 1]; all of them if no indices are given."""
        return self._computed(_chosen(len(self), indices), TRAIN)

    def train_labels(self, indices: Indices = None) -> Integers:
        """The classes of the images that ``train`` returns for these indices, int64 (n,), or none."""
        labels = self.labels
        chosen = labels if indices is None or len(labels) == 0 else labels[indices]
        return chosen.astype(np.int64)

    def test(self, indices: Indices = None) -> Floats32:
        """Test images, as ``train`` gives those of training."""
        return self._computed(_chosen(self.tests, indices), TEST)

    @abstractmethod
    def _computed(self, chosen: Integers, stream: Stream) -> Floats32:
        """The images of these numbers."""


class ComputedPairs(Computed):
    """Pairs (a, b) that an index decides; a subclass computes them.

    ``one_answer`` is false where b is one of many that fit a. A pair has no label unless a subclass says so.
    """

    one_answer: ClassVar[bool] = True

    @property
    def test_labels(self) -> npt.NDArray[np.integer]:
        """The class of each test pair, or none."""
        return np.empty(0, np.int64)

    def batch(self, indices: Indices = None) -> tuple[Floats32, Floats32]:
        """Training pairs a and b, float32 in [-1, 1]; all of them if no indices are given."""
        return self._computed(_chosen(len(self), indices), TRAIN)

    def test(self, indices: Indices = None) -> tuple[Floats32, Floats32]:
        """Test pairs, as ``batch`` gives those of training."""
        return self._computed(_chosen(self.tests, indices), TEST)

    @abstractmethod
    def _computed(self, chosen: Integers, stream: Stream) -> tuple[Floats32, Floats32]:
        """The pairs of these numbers."""


def _chosen(count: int, indices: Indices) -> Integers:
    everything = np.arange(count)
    return everything if indices is None else everything[indices]
