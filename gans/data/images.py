"""Image sets: the dataclass that training reads, and folders of IDX files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

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

_CHANNELS = (1, 3)

_PIXEL_VALUES = (np.arange(256, dtype=np.float64) / 127.5 - 1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ImageData:
    """A set of grey or colour images, split for training and testing; all arrays are read-only.

    images: uint8 (n, h, w), grey with 0 the background, or (n, h, w, c), c 1 (grey) or 3 (RGB); labels:
    uint8 (n,); test_images and test_labels likewise. All but the images may be empty: ``missing`` says which
    are. class_names: the name of each class, or none.
    """

    kind: ClassVar[Literal["image"]] = "image"

    name: str
    images: Bytes
    labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    class_names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one image as the networks see it; c is 1 (grey) or 3 (RGB)."""
        c, h, w = _image(self.images.shape)
        return (c, h, w)

    @property
    def classes(self) -> int:
        """Number of classes: the largest label of either split, plus one; 0 without training labels."""
        if len(self.labels) == 0:
            return 0
        return int(max(labels.max(initial=0) for labels in (self.labels, self.test_labels))) + 1

    def __len__(self) -> int:
        return len(self.images)

    @property
    def tests(self) -> int:
        """Number of test images."""
        return len(self.test_images)

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that an evaluation needs and the set lacks: names among ``KINDS``."""
        arrays = (self.images, self.labels, self.test_images, self.test_labels)
        return tuple(kind for kind, array in zip(KINDS, arrays, strict=True) if len(array) == 0)

    def train(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Floats32:
        """Training images as float32 in [-1, 1], shape (n, c, h, w): pixel / 127.5 - 1. All if no indices."""
        return _scaled(self.images, indices)

    def train_labels(self, indices: npt.NDArray[np.integer] | slice | None = None) -> Integers:
        """Labels of the images that ``train`` returns for these indices, int64 (n,); (0,) without labels."""
        chosen = self.labels if indices is None or len(self.labels) == 0 else self.labels[indices]
        return chosen.astype(np.int64)

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
    planes = chosen[:, None] if chosen.ndim == 3 else np.ascontiguousarray(chosen.transpose(0, 3, 1, 2))
    scaled: Floats32 = _PIXEL_VALUES[planes]
    return scaled


def image_data(
    name: str,
    images: Bytes,
    labels: Integers | Bytes | None = None,
    test_images: Bytes | None = None,
    test_labels: Integers | Bytes | None = None,
    *,
    class_names: Sequence[str] = (),
) -> ImageData:
    """An ``ImageData`` of arrays that fit one another; training needs only the images.

    Images are uint8, grey (n, h, w) or (n, h, w, 1), or RGB (n, h, w, 3); labels (n,) are integers from 0 to
    255, and the class of label k may have a name, ``class_names[k]``.

    Raises UserError if images or labels are of another kind, a split is empty or has another number of labels
    than images, the splits' sizes differ, or there are more classes than names.

    >>> image_data("black", np.zeros((9, 28, 28), np.uint8)).missing
    ('labels', 'test images', 'test labels')
    """
    given = (images, labels, test_images, test_labels)
    check_shapes(name, *(None if array is None else np.shape(array) for array in given))
    arrays = [
        _nothing(kind, images) if array is None else _bytes(name, kind, array).view()
        for kind, array in zip(KINDS, given, strict=True)
    ]
    pixels, classes, test_pixels, test_classes = map(_frozen, arrays)
    data = ImageData(name, pixels, classes, test_pixels, test_classes, tuple(class_names))
    if class_names and data.classes > len(class_names):
        raise UserError(f"{name}: labels up to {data.classes - 1}, but names for {len(class_names)} classes")
    return data


def _nothing(kind: str, images: Bytes) -> Bytes:
    """An empty array in the place of one that is missing."""
    return np.empty((0, *images.shape[1:]) if "images" in kind else 0, np.uint8)


def _frozen(array: Bytes) -> Bytes:
    """``array`` read-only, and without the axis of a single channel."""
    kept = array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array
    kept.flags.writeable = False
    return kept


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
    if images is not None and test_images is not None and _image(images) != _image(test_images):
        raise UserError(f"{name}: training images of {_size(images)} but test images of {_size(test_images)}")
    total = sum(math.prod(shape) for shape in (images, labels, test_images, test_labels) if shape is not None)
    if total > MAX_BYTES:
        raise UserError(f"{name}: {total} bytes of images and labels, over the limit of {MAX_BYTES}")


def _check_split(name: str, split: str, pixels: _Shape, classes: _Shape | None) -> None:
    if 0 in pixels:
        raise UserError(f"{name}: no {split} images: the array has shape {pixels}")
    if not (len(pixels) == 3 or (len(pixels) == 4 and pixels[3] in _CHANNELS)):
        remedy = "; for that take x.transpose(0, 2, 3, 1)" if pixels[1:2] in ((1,), (3,)) else ""
        raise UserError(
            f"{name}: {split} images of shape {pixels}, expected grey ones, (n, h, w), "
            f"or colour ones, (n, h, w, 3){remedy}"
        )
    if classes is not None and len(classes) != 1:
        raise UserError(f"{name}: {split} labels of shape {classes}, expected a number for each image, (n,)")
    if classes is not None and pixels[0] != classes[0]:
        raise UserError(f"{name}: {pixels[0]} {split} images but {classes[0]} {split} labels")


def _image(shape: _Shape) -> _Shape:
    """(c, h, w) of images of this shape."""
    return (*(shape[3:] or (1,)), *shape[1:3])


def _size(shape: _Shape) -> str:
    colour = " in colour" if _image(shape)[0] == 3 else ""
    return f"{shape[1]} x {shape[2]} pixels{colour}"


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


def epoch_order(n: int, seed: int, epoch: int, stream: int = 0) -> Integers:
    """The order in which an epoch visits n examples: a permutation that depends on the other arguments alone.

    A resumed run therefore sees the batches that the uninterrupted run would have seen. Sets that are visited
    side by side take a ``stream`` each.
    """
    numbers = [seed, epoch, stream] if stream else [seed, epoch]
    order: Integers = np.random.default_rng(numbers).permutation(n).astype(np.int64, copy=False)
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
