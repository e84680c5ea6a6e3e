"""Labelled image sets: the dataclass that training reads, and folders of IDX files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gans.data.idx import MAX_BYTES, Bytes, idx_header, idx_shape, read_idx
from gans.errors import UserError

__all__ = [
    "KINDS",
    "STEMS",
    "ImageData",
    "Integers",
    "batches",
    "check_shapes",
    "dimensions",
    "epoch_order",
    "find_file",
    "image_data",
    "load_folder",
]

Integers = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]
_Shape = tuple[int, ...]

STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""Names of the four files, as MNIST, Fashion-MNIST and KMNIST distribute them (with or without ``.gz``)."""

KINDS = ("images", "labels", "test images", "test labels")
"""The content of the four files."""

_LABELS_AT_ONCE = 1 << 20

_PIXEL_VALUES = (np.arange(256, dtype=np.float64) / 127.5 - 1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ImageData:
    """A labelled set of grey images, split for training and testing; all arrays are read-only.

    images: uint8 (n, h, w), 0 the background; labels: uint8 (n,); test_images and test_labels likewise. All
    but the images may be empty: ``missing`` says which are.
    """

    name: str
    images: Bytes
    labels: Bytes
    test_images: Bytes
    test_labels: Bytes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one image as the networks see it; c is 1."""
        return (1, self.images.shape[1], self.images.shape[2])

    @property
    def classes(self) -> int:
        """Number of classes: the largest label of either split, plus one."""
        return int(max(labels.max(initial=0) for labels in (self.labels, self.test_labels))) + 1

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that an evaluation needs and the set lacks: names among ``KINDS``."""
        arrays = (self.images, self.labels, self.test_images, self.test_labels)
        return tuple(kind for kind, array in zip(KINDS, arrays, strict=True) if len(array) == 0)

    def train(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Floats32:
        """Training images as float32 in [-1, 1], shape (n, 1, h, w): pixel / 127.5 - 1. All if no indices."""
        return _scaled(self.images, indices)

    def test(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Floats32:
        """Test images, scaled as by ``train``."""
        return _scaled(self.test_images, indices)

    def digest(self) -> str:
        """SHA-256 of all images and labels, to recognise the same data in another file, folder or run."""
        digest = hashlib.sha256()
        for images, labels in ((self.images, self.labels), (self.test_images, self.test_labels)):
            digest.update(idx_header(images))
            digest.update(np.ascontiguousarray(images).data)
            for start in range(0, len(labels), _LABELS_AT_ONCE):
                digest.update(labels[start : start + _LABELS_AT_ONCE].astype("<i8").data)
        return digest.hexdigest()


def _scaled(images: Bytes, indices: npt.NDArray[np.integer] | slice | None) -> Floats32:
    chosen = images if indices is None else images[indices]
    scaled: Floats32 = _PIXEL_VALUES[chosen][:, None]
    return scaled


def image_data(
    name: str,
    images: Bytes,
    labels: Integers | Bytes | None = None,
    test_images: Bytes | None = None,
    test_labels: Integers | Bytes | None = None,
) -> ImageData:
    """An ``ImageData`` of arrays that fit one another; training needs only the images.

    Images are grey, uint8 (n, h, w); labels (n,) are integers from 0 to 255.

    Raises UserError if images or labels are of another kind, a split is empty or has another number of labels
    than images, or the splits' sizes differ.

    >>> image_data("black", np.zeros((9, 28, 28), np.uint8)).missing
    ('labels', 'test images', 'test labels')
    """
    given = (images, labels, test_images, test_labels)
    check_shapes(name, *(None if array is None else np.shape(array) for array in given))
    arrays = [
        _nothing(kind, images) if array is None else _bytes(name, kind, array).view()
        for kind, array in zip(KINDS, given, strict=True)
    ]
    for array in arrays:
        array.flags.writeable = False
    return ImageData(name, *arrays)


def _nothing(kind: str, images: Bytes) -> Bytes:
    """An empty array in the place of one that is missing."""
    return np.empty((0, *images.shape[1:]) if "images" in kind else 0, np.uint8)


def _bytes(name: str, kind: str, array: npt.NDArray[Any]) -> Bytes:
    if array.dtype == np.uint8:
        return array
    if "images" in kind:
        raise UserError(
            f"{name}: {kind} of {array.dtype}, expected uint8 from 0 to 255: for numbers from 0 to 1, "
            "(255 * x).round().astype(numpy.uint8)"
        )
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
        raise UserError(f"{name}: {kind} of {array.dtype}, expected integers from 0 to 255")
    return array.astype(np.uint8)


def check_shapes(
    name: str,
    images: _Shape | None,
    labels: _Shape | None = None,
    test_images: _Shape | None = None,
    test_labels: _Shape | None = None,
) -> None:
    """Check that arrays of these shapes belong together, and that memory holds them all; None is missing.

    Raises UserError as ``image_data`` does, or if they hold more than ``MAX_BYTES``.
    """
    for split, pixels, classes in (("training", images, labels), ("test", test_images, test_labels)):
        if pixels is not None:
            _check_split(name, split, pixels, classes)
    if images is not None and test_images is not None and images[1:] != test_images[1:]:
        raise UserError(
            f"{name}: training images of {images[1]} x {images[2]} pixels "
            f"but test images of {test_images[1]} x {test_images[2]}"
        )
    total = sum(math.prod(shape) for shape in (images, labels, test_images, test_labels) if shape is not None)
    if total > MAX_BYTES:
        raise UserError(f"{name}: {total} bytes of images and labels, over the limit of {MAX_BYTES}")


def _check_split(name: str, split: str, pixels: _Shape, classes: _Shape | None) -> None:
    if 0 in pixels:
        raise UserError(f"{name}: no {split} images: the array has shape {pixels}")
    if len(pixels) != 3:
        grey = ""
        if len(pixels) == 4 and (1 in pixels[1::2] or 3 in pixels[1::2]):
            axis = 1 if pixels[1] in (1, 3) else 3
            grey = f"; for grey ones take x.mean(axis={axis}).round().astype(numpy.uint8)"
        raise UserError(f"{name}: {split} images of shape {pixels}, expected grey ones, (n, h, w){grey}")
    if classes is not None and len(classes) != 1:
        raise UserError(f"{name}: {split} labels of shape {classes}, expected a number for each image, (n,)")
    if classes is not None and pixels[0] != classes[0]:
        raise UserError(f"{name}: {pixels[0]} {split} images but {classes[0]} {split} labels")


def find_file(folder: Path, stem: str) -> Path | None:
    """The file that holds ``stem`` in ``folder``: plain or ``.gz``, also spelled ``train-images.idx3-ubyte``.

    Raises UserError if the folder cannot be searched.
    """
    dotted = stem.replace("-idx", ".idx")
    candidates = (folder / name for name in (f"{stem}.gz", stem, f"{dotted}.gz", dotted))
    try:
        return next((path for path in candidates if path.is_file()), None)
    except OSError as error:
        raise UserError(f"{folder}: cannot be searched: {error.strerror}") from error


def load_folder(folder: Path, name: str) -> ImageData:
    """Read a folder of IDX files under their usual names (``STEMS``), each gzipped or not.

    Training needs the first of them; ``ImageData.missing`` names those that are missing.

    Raises UserError if there are no training images (the message lists the expected names), or a file is
    damaged or does not fit the others.
    """
    found = [find_file(folder, stem) for stem in STEMS]
    if found[0] is None:
        raise UserError(
            f"{folder}: missing {STEMS[0]}; a data folder holds {', '.join(STEMS)}, each with or without "
            ".gz; training needs the first, evaluating all of them"
        )
    shapes = [
        None if path is None else idx_shape(path, ndim=dimensions(stem))
        for path, stem in zip(found, STEMS, strict=True)
    ]
    check_shapes(name, *shapes)
    arrays = (
        None if path is None else read_idx(path, shape=shape)
        for path, shape in zip(found, shapes, strict=True)
    )
    return image_data(name, *arrays)  # type: ignore[arg-type]  # the first is there


def dimensions(stem: str) -> int:
    """The dimensions of the array in the file ``stem``: 3 for images, 1 for labels."""
    return 3 if "images" in stem else 1


def epoch_order(n: int, seed: int, epoch: int) -> Integers:
    """The order in which an epoch visits n examples: a permutation that depends on (seed, epoch) alone.

    A resumed run therefore sees the batches that the uninterrupted run would have seen.
    """
    order: Integers = np.random.default_rng([seed, epoch]).permutation(n).astype(np.int64, copy=False)
    return order


def batches(order: Integers, batch_size: int, *, drop_last: bool = True) -> Iterator[Integers]:
    """Cut ``order`` into consecutive index arrays of ``batch_size``; ``drop_last`` drops a shorter last one.

    >>> [batch.tolist() for batch in batches(np.arange(5), 2)]
    [[0, 1], [2, 3]]

    Raises ValueError if batch_size is below 1, or no full batch fits while drop_last is set.
    """
    if batch_size < 1 or (drop_last and batch_size > len(order)):
        raise ValueError(
            f"batch_size must be from 1 to the number of examples, {len(order)}; got {batch_size}"
        )
    end = len(order) - len(order) % batch_size if drop_last else len(order)
    return (order[start : start + batch_size] for start in range(0, end, batch_size))
