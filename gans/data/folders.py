"""A folder of pictures as a data set: class folders give labels, ``train`` and ``test`` the split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gans.data.idx import MAX_BYTES, Bytes
from gans.data.images import ImageData, Integers, image_data
from gans.data.pictures import RESIZE, SUFFIXES, read_picture
from gans.data.splits import split
from gans.errors import UserError
from gans.messages import one_line
from gans.pictures import no_bombs

__all__ = ["entries", "load_pictures"]

TRAIN, TEST = "train", ("test", "val", "valid", "validation")
"""Names of the folders of a split set, in small letters or capitals; the first test folder found counts."""

MOST_CLASSES = 256
"""Labels are bytes."""

_DEEPEST = 4
"""Folders within a class folder, which a loop of links would make endless."""

_EXPECTED = "a data folder holds pictures, a folder of them for each class, or IDX files"


@dataclass(frozen=True)
class _Split:
    """The pictures of one split in order, and each one's class; no classes if they lie side by side."""

    paths: list[Path]
    classes: list[str]


def load_pictures(folder: Path, name: str) -> ImageData:
    """Read a folder of PNG and JPEG pictures of one size.

    Pictures that lie side by side have no labels. In class folders, the label of a picture is the position of
    its folder's name among all of them in sorted order. Sub-folders ``train`` and ``test`` (or ``val``) are
    the split; without them, ``held_out`` decides. The set is grey if all its pictures are. Hidden files and
    those with other suffixes are passed over.

    Raises UserError if there are no pictures, one cannot be read, their sizes differ or are not from 8 to 64
    pixels a side, there are more than 256 classes, or pictures lie beside class folders.
    """
    train, test = _splits(folder)
    names = sorted({*train.classes})
    _check_classes(folder, train, test, names)
    images = _read([*train.paths, *test.paths])
    labels = _labels([*train.classes, *test.classes], names)
    if not test.paths:
        return split(name, images, labels, names)
    count = len(train.paths)
    train_labels, test_labels = (None, None) if labels is None else (labels[:count], labels[count:])
    return image_data(name, images[:count], train_labels, images[count:], test_labels, class_names=names)


def _splits(folder: Path) -> tuple[_Split, _Split]:
    """The pictures for training and for testing; the latter may be none."""
    folders = {path.name.lower(): path for path in entries(folder, folders=True)}
    test = next((folders[name] for name in TEST if name in folders), None)
    if TRAIN in folders and (test is not None or len(folders) == 1):
        whole = _split(folders[TRAIN]), _split(test) if test is not None else _Split([], [])
        if next(_direct(folder), None) is not None:
            raise UserError(f"{folder}: has pictures beside its folder {TRAIN}; {_EXPECTED}")
    else:
        whole = _split(folder), _Split([], [])
    if not whole[0].paths:
        raise UserError(f"{folder}: {_nothing_in(folder)}; {_EXPECTED}")
    return whole


def _split(folder: Path) -> _Split:
    direct = list(_direct(folder))
    classes = {path.name: list(_pictures(path, _DEEPEST)) for path in entries(folder, folders=True)}
    classes = {name: paths for name, paths in classes.items() if paths}
    if direct and classes:
        raise UserError(
            f"{folder}: has pictures, such as {one_line(direct[0].name, 40)}, beside class folders, such as "
            f"{one_line(min(classes), 40)}; {_EXPECTED}"
        )
    names = [name for name, paths in classes.items() for _ in paths]
    return _Split(direct + [path for paths in classes.values() for path in paths], names)


def _direct(folder: Path) -> Iterator[Path]:
    return (path for path in entries(folder, folders=False) if path.suffix.lower() in SUFFIXES)


def _pictures(folder: Path, deep: int) -> Iterator[Path]:
    """The pictures in a folder and those below it, each folder's in sorted order."""
    yield from _direct(folder)
    if deep:
        for below in entries(folder, folders=True):
            yield from _pictures(below, deep - 1)


def entries(folder: Path, *, folders: bool) -> list[Path]:
    """The folders or other files in a folder, by name, without hidden ones.

    Raises UserError if the folder cannot be searched.
    """
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry in found if entry.is_dir() == folders and not _hidden(entry.name)]
    except OSError as error:
        raise UserError(f"{folder}: cannot be searched: {error.strerror}") from error
    return [folder / name for name in sorted(names)]


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _nothing_in(folder: Path) -> str:
    """What is in a folder without pictures, in words."""
    suffixes = Counter(path.suffix.lower() for path in entries(folder, folders=False) if path.suffix)
    if not suffixes:
        return "no PNG or JPEG in it"
    suffix, count = suffixes.most_common(1)[0]
    return f"no PNG or JPEG in it, but {count:,} files in {one_line(suffix, 20)}"


def _check_classes(folder: Path, train: _Split, test: _Split, names: Sequence[str]) -> None:
    if len(names) > MOST_CLASSES:
        raise UserError(f"{folder}: {len(names):,} class folders, expected at most {MOST_CLASSES}")
    if bool(train.classes) != bool(test.classes) and test.paths:
        with_folders, without = (TRAIN, "test") if train.classes else ("test", TRAIN)
        raise UserError(
            f"{folder}: class folders in {with_folders}, but none in {without}; sort both into classes, or "
            "neither"
        )
    unknown = sorted({*test.classes} - {*names})
    if unknown:
        raise UserError(
            f"{folder}: {one_line(unknown[0], 40)} is a class of the test pictures, and of none in {TRAIN}"
        )


def _labels(classes: Sequence[str], names: Sequence[str]) -> Integers | None:
    if not classes:
        return None
    number = {name: label for label, name in enumerate(names)}
    return np.array([number[name] for name in classes], dtype=np.int64)


def _read(paths: Sequence[Path]) -> Bytes:
    """All pictures as uint8 (n, h, w), or (n, h, w, 3) if one has colour."""
    with no_bombs():
        first = read_picture(paths[0])
        images = _room(paths, first.shape)
        for row, path in enumerate(paths):
            pixels = read_picture(path) if row else first
            if pixels.shape[:2] != first.shape[:2]:
                raise UserError(
                    f"{path}: {_size(pixels)}, but {one_line(paths[0].name, 40)} has {_size(first)}; {RESIZE}"
                )
            if pixels.ndim == 3 and images.ndim == 3:
                images = _coloured(images, row, _room(paths, pixels.shape))
            images[row] = pixels if pixels.ndim == images.ndim - 1 else pixels[..., None]
    return images


def _room(paths: Sequence[Path], shape: tuple[int, ...]) -> Bytes:
    total = len(paths) * int(np.prod(shape))
    if total > MAX_BYTES:
        raise UserError(
            f"{paths[0].parent}: {total:,} bytes of pixels in {len(paths):,} pictures, over the limit of "
            f"{MAX_BYTES:,}; take fewer or smaller ones"
        )
    return np.empty((len(paths), *shape), dtype=np.uint8)


def _coloured(grey: Bytes, count: int, room: Bytes) -> Bytes:
    """``room`` with the first ``count`` images of ``grey`` in it, as RGB."""
    room[:count] = grey[:count, :, :, None]
    return room


def _size(pixels: Bytes) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
