"""Images of which few have labels: what semi-supervised learning starts from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from gans.data.chance import keys_of
from gans.data.computed import Computed, Floats32, Indices
from gans.data.images import ImageData, Integers
from gans.errors import UserError

__all__ = ["PartialData", "few_labels"]

_PREFIX = re.compile(r"labels(\d{1,6})(?:-(\d{1,2}))?")


@dataclass(frozen=True, eq=False)
class PartialData(Computed):
    """A set of which ``count`` training images have labels, as many of each class.

    The other labels are not read in training; images with labels are among those without, too. ``split``
    chooses others (Salimans et al. 2016, section 5.1, and Odena 2016 train on ten such choices). All test
    images have their labels.

    Raises UserError if the images have no labels, or the count is not the same number for each class, or a
    class has fewer images.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> few = PartialData(load_mnist5k(), 100)
    >>> few.name, len(few), np.bincount(few.labels)
    ('labels100:mnist5k', 5000, array([10, 10, 10, 10, 10, 10, 10, 10, 10, 10]))
    """

    images: ImageData
    count: int
    split: int = 0

    kind: ClassVar[Literal["partial"]] = "partial"

    def __post_init__(self) -> None:
        if not len(self.images.labels):
            raise UserError(f"{self.name}: the images of {self.images.name} have no labels")
        classes, sizes = np.unique(self.images.labels, return_counts=True)
        each, rest = divmod(self.count, len(classes))
        if rest or not each:
            raise UserError(
                f"{self.name}: {self.count} labels are not as many for each of {len(classes)} classes; take "
                f"a multiple of {len(classes)}"
            )
        if each > sizes.min():
            raise UserError(
                f"{self.name}: needs {each} images of each class, and {self.images.name} has {sizes.min()} "
                f"of class {classes[sizes.argmin()]}"
            )

    @property
    def prefix(self) -> str:
        """The number of labels and the split, such as ``labels100`` or ``labels20-3``."""
        return f"labels{self.count}{f'-{self.split}' if self.split else ''}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one image."""
        return self.images.shape

    @property
    def classes(self) -> int:
        """Number of classes of the images."""
        return self.images.classes

    @cached_property
    def numbers(self) -> Integers:
        """The training images that have labels, (count,), in order: ``images.train(numbers)``."""
        labels = self.images.labels
        classes = np.unique(labels)
        chosen = []
        for label in classes:
            rows = np.flatnonzero(labels == label)
            order = np.argsort(keys_of(rows, self.split), kind="stable")
            chosen.append(rows[order[: self.count // len(classes)]])
        return np.sort(np.concatenate(chosen))

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """The class of each image that has one, (count,)."""
        return self.images.labels[self.numbers]

    @property
    def test_labels(self) -> npt.NDArray[np.uint8]:
        """The class of each test image, or none."""
        return self.images.test_labels

    def train(self, indices: Indices = None) -> Floats32:
        """Training images without labels, which are all: float32 (n, c, h, w) in [-1, 1]."""
        return self.images.train(indices)

    def labelled(self, indices: Indices = None) -> tuple[Floats32, Integers]:
        """Images that have labels, out of ``count``, and their classes, int64 (n,)."""
        chosen = self.numbers if indices is None else self.numbers[indices]
        return self.images.train(chosen), self.images.train_labels(chosen)

    def test(self, indices: Indices = None) -> Floats32:
        """Test images, as ``train`` gives those of training."""
        return self.images.test(indices)


def few_labels(prefix: str) -> tuple[int, int] | None:
    """The number of labels and the split of a prefix such as ``labels100`` or ``labels20-3``, or None.

    >>> few_labels("labels100"), few_labels("labels20-3"), few_labels("labels")
    ((100, 0), (20, 3), None)
    """
    match = _PREFIX.fullmatch(prefix)
    return None if match is None else (int(match[1]), int(match[2] or 0))
