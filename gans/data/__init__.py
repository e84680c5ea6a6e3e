"""Data sets by name or path: MNIST and its cut in the package, toys, pictures, IDX and ``.npz`` files."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from gans.data.domains import DomainData
from gans.data.folders import load_pictures
from gans.data.images import STEMS, ImageData, batches, epoch_order, find_file, load_folder
from gans.data.mnist import load_mnist
from gans.data.mnist5k import load_mnist5k
from gans.data.npz import load_npz
from gans.data.pairs import PairData
from gans.data.sequences import SequenceData
from gans.data.sizes import check_sides
from gans.data.toys import TOYS, ToyData
from gans.errors import UserError
from gans.paths import user_path

__all__ = [
    "NAMES",
    "Dataset",
    "DomainData",
    "ImageData",
    "PairData",
    "SequenceData",
    "ToyData",
    "batches",
    "epoch_order",
    "load",
]

_KINDS = "a folder of pictures or IDX files, or an .npz file"

Dataset = ImageData | ToyData

NAMES: tuple[str, ...] = ("mnist5k", "mnist", *TOYS)
"""The names that ``load`` accepts; anything else is a path."""


def load(name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    ``name`` is one of ``NAMES``, or the path of one's own data, which may lie in ``data_dir``:

    - a folder of PNG or JPEG pictures of one size, see ``gans.data.folders.load_pictures``;
    - an ``.npz`` file, see ``gans.data.npz.load_npz``; what ``gans sample`` writes is one;
    - a folder with the IDX files of a set such as Fashion-MNIST, see ``gans.data.images.load_folder``.

    Their images have from 8 to 64 pixels a side, in grey or colour. A name wins over a path of the same name;
    write ``./mnist`` for the folder. ``data_dir`` is where ``mnist`` is looked for first and downloaded to
    (see ``gans.data.mnist.load_mnist``).

    Raises UserError for an unknown name, missing or damaged files, images of another size, or a failed
    download.

    >>> load("ring").modes.shape
    (8, 2)
    """
    text = os.fspath(name)
    if text == "mnist5k":
        return load_mnist5k()
    if text == "mnist":
        return load_mnist(data_dir)
    if text in TOYS:
        return TOYS[text]()
    path = user_path(text)
    for place in (path, *([user_path(data_dir) / path] if data_dir else [])):
        if text and os.path.isdir(place):
            return _load_folder(place)
        if text and os.path.isfile(place):
            return _load_file(place)
    raise UserError(_unknown(text))


def _load_folder(folder: Path) -> ImageData:
    name = folder.resolve().name
    if all(find_file(folder, stem) is None for stem in STEMS):
        return load_pictures(folder, name)
    data = load_folder(folder, name)
    check_sides(str(folder), *data.shape[1:])
    return data


def _load_file(path: Path) -> ImageData:
    if path.suffix.lower() != ".npz":
        raise UserError(f"{path}: not a folder, and no name in .npz; data are {_KINDS}")
    return load_npz(path, path.stem)


def _unknown(text: str) -> str:
    if any(separator in text for separator in ("/", "\\")):
        return (
            f"no folder {text!r} to load data from, nor a file; data are {_KINDS}, or one of "
            f"{', '.join(NAMES)}"
        )
    close = difflib.get_close_matches(text.lower(), NAMES, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown data set {text!r}{hint} (known: {', '.join(NAMES)}, or {_KINDS})"
