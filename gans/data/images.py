"""Labelled image sets: the dataclass that training sees, and folders of IDX files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gans.data.idx import MAX_BYTES, Bytes, idx_header, idx_shape, read_idx
from gans.errors import UserError

__all__ = [
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

_LABELS_AT_ONCE = 1 << 20

_PIXEL_VALUES = (np.arange(256, dtype=np.float64) / 127.5 - 1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ImageData:
    """A labelled set of grey images, split for training and testing; all arrays are read-only.

    images: uint8 (n, h, w), 0 the background; labels: uint8 (n,); test_images and test_labels likewise.
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
        return int(max(self.labels.max(), self.test_labels.max())) + 1

    def train(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Floats32:
        """Training images as float32 in [-1, 1], shape (n, 1, h, w): pixel / 127.5 - 1. All if no indices."""
        return _scaled(self.images, indices)

    def test(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Floats32:
        """Test images, scaled as by `train`."""
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


def image_data(name: str, images: Bytes, labels: Bytes, test_images: Bytes, test_labels: Bytes) -> ImageData:
    """Check that the four arrays belong together, and wrap them.

    :raises UserError: a split is empty or has another number of labels than images, or the splits' sizes
        differ
    """
    arrays = tuple(array.view() for array in (images, labels, test_images, test_labels))
    check_shapes(name, *(array.shape for array in arrays))
    for array in arrays:
        array.flags.writeable = False
    return ImageData(name, *arrays)


def check_shapes(name: str, images: _Shape, labels: _Shape, test_images: _Shape, test_labels: _Shape) -> None:
    """Check that arrays of these shapes belong together, and that there is memory for all of them.

    :raises UserError: as `image_data`, or they hold more than ``MAX_BYTES``
    """
    for split, pixels, classes in (("training", images, labels), ("test", test_images, test_labels)):
        if 0 in pixels:
            raise UserError(f"{name}: no {split} images: the array has shape {pixels}")
        if pixels[0] != classes[0]:
            raise UserError(f"{name}: {pixels[0]} {split} images but {classes[0]} {split} labels")
    if images[1:] != test_images[1:]:
        raise UserError(
            f"{name}: training images of {images[1]} x {images[2]} pixels "
            f"but test images of {test_images[1]} x {test_images[2]}"
        )
    total = sum(map(math.prod, (images, labels, test_images, test_labels)))
    if total > MAX_BYTES:
        raise UserError(f"{name}: {total} bytes of images and labels, over the limit of {MAX_BYTES}")


def find_file(folder: Path, stem: str) -> Path | None:
    """The file that holds `stem` in `folder`: plain or ``.gz``, also spelled ``train-images.idx3-ubyte``.

    :raises UserError: the folder cannot be searched
    """
    dotted = stem.replace("-idx", ".idx")
    candidates = (folder / name for name in (f"{stem}.gz", stem, f"{dotted}.gz", dotted))
    try:
        return next((path for path in candidates if path.is_file()), None)
    except OSError as error:
        raise UserError(f"{folder}: cannot be searched: {error.strerror}") from error


def load_folder(folder: Path, name: str) -> ImageData:
    """Read a folder that holds the four IDX files under their usual names (`STEMS`), each gzipped or not.

    :raises UserError: a file is missing (the message lists the expected names), damaged, or does not fit the
        others
    """
    found = {stem: find_file(folder, stem) for stem in STEMS}
    missing = [stem for stem, path in found.items() if path is None]
    if missing:
        raise UserError(
            f"{folder}: missing {', '.join(missing)}; "
            f"a data folder holds {', '.join(STEMS)}, each with or without .gz"
        )
    paths = [path for path in found.values() if path is not None]
    shapes = [idx_shape(path, ndim=dimensions(stem)) for stem, path in zip(STEMS, paths, strict=True)]
    check_shapes(name, *shapes)
    return image_data(name, *(read_idx(path, shape=shape) for path, shape in zip(paths, shapes, strict=True)))


def dimensions(stem: str) -> int:
    """Of the array in the file `stem`: 3 for images, 1 for labels."""
    return 3 if "images" in stem else 1


def epoch_order(n: int, seed: int, epoch: int) -> Integers:
    """The order in which an epoch visits n examples: a permutation that depends on (seed, epoch) alone.

    A resumed run therefore sees the batches that the uninterrupted run would have seen.
    """
    order: Integers = np.random.default_rng([seed, epoch]).permutation(n).astype(np.int64, copy=False)
    return order


def batches(order: Integers, batch_size: int, *, drop_last: bool = True) -> Iterator[Integers]:
    """Cut `order` into consecutive index arrays of `batch_size`; a shorter last one only if not drop_last.

    >>> [batch.tolist() for batch in batches(np.arange(5), 2)]
    [[0, 1], [2, 3]]

    :raises ValueError: batch_size is below 1, or no full batch fits while drop_last is set
    """
    if batch_size < 1 or (drop_last and batch_size > len(order)):
        raise ValueError(
            f"batch_size must be from 1 to the number of examples, {len(order)}; got {batch_size}"
        )
    end = len(order) - len(order) % batch_size if drop_last else len(order)
    return (order[start : start + batch_size] for start in range(0, end, batch_size))
