"""Data sets by name or path: MNIST and its cut in the package, what is made of images, toys, your own."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from gans.data.domains import DomainData
from gans.data.folders import load_pictures
from gans.data.images import STEMS, ImageData, batches, epoch_order, find_file, load_folder
from gans.data.made import PREFIXES, Made, maker_of, parted
from gans.data.mnist import load_mnist
from gans.data.mnist5k import load_mnist5k
from gans.data.moving import MovingData
from gans.data.npz import load_npz
from gans.data.pairs import PairData
from gans.data.partial import PartialData
from gans.data.scenes import SceneData
from gans.data.sequences import ORACLES, SequenceData
from gans.data.sizes import check_sides
from gans.data.stacked import StackedData
from gans.data.styles import StyleData
from gans.data.toys import TOYS, ToyData
from gans.errors import UserError
from gans.paths import user_path

__all__ = [
    "NAMES",
    "PREFIXES",
    "Dataset",
    "DomainData",
    "ImageData",
    "MovingData",
    "PairData",
    "PartialData",
    "SceneData",
    "SequenceData",
    "StackedData",
    "StyleData",
    "ToyData",
    "batches",
    "data_name",
    "epoch_order",
    "load",
]

_KINDS = "a folder of pictures or IDX files, or an .npz file"

Dataset = ImageData | ToyData | Made | SequenceData

NAMES: tuple[str, ...] = ("mnist5k", "mnist", *TOYS, *ORACLES)
"""The names that ``load`` accepts; anything else is a path, or begins with one of ``PREFIXES``."""


def load(name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    ``name`` is one of ``NAMES``, or the path of one's own data, which may lie in ``data_dir``:

    - a folder of PNG or JPEG pictures of one size, see ``gans.data.folders.load_pictures``;
    - an ``.npz`` file, see ``gans.data.npz.load_npz``; what ``gans sample`` writes is one;
    - a folder with the IDX files of a set such as Fashion-MNIST, see ``gans.data.images.load_folder``.

    Their images have from 8 to 64 pixels a side, in grey or colour. One of ``PREFIXES`` and a colon before
    images makes other data of them: ``edges:mnist5k``, ``stacked:my/folder``.

    A name wins over a path of the same name; write ``./mnist`` for the folder. ``data_dir`` is where
    ``mnist`` is looked for first and downloaded to (see ``gans.data.mnist.load_mnist``).

    Raises UserError for an unknown name, missing or damaged files, images of another size, a failed download,
    or a prefix before data that are no images.

    >>> load("ring").modes.shape
    (8, 2)
    >>> load("edges:mnist5k").kind
    'pairs'
    """
    text = os.fspath(name)
    if (made := parted(text)) is not None:
        return _made(*made, data_dir)
    if text == "mnist5k":
        return load_mnist5k()
    if text == "mnist":
        return load_mnist(data_dir)
    if text in TOYS:
        return TOYS[text]()
    if text in ORACLES:
        return ORACLES[text]()
    path = user_path(text)
    for place in (path, *([user_path(data_dir) / path] if data_dir else [])):
        if text and os.path.isdir(place):
            return _load_folder(place)
        if text and os.path.isfile(place):
            return _load_file(place)
    raise UserError(_unknown(text))


def data_name(text: str) -> str:
    """``text`` as a run keeps it: a name as it is, a path that exists as an absolute one.

    >>> data_name("mnist5k"), data_name("edges:mnist5k")
    ('mnist5k', 'edges:mnist5k')
    """
    if (made := parted(text)) is not None and made[1]:
        return f"{made[0]}:{data_name(made[1])}"
    path = user_path(text)
    return str(path.resolve()) if text and text not in NAMES and os.path.exists(path) else text


def _made(prefix: str, images: str, data_dir: str | os.PathLike[str] | None) -> Made:
    if not images:
        raise UserError(f"{prefix} is made from images: write {prefix}:mnist5k, or {prefix}:PATH")
    data = load(images, data_dir)
    if not isinstance(data, ImageData):
        raise UserError(
            f"{prefix}:{images}: {prefix} is made from plain images, such as mnist5k, not {images}"
        )
    return maker_of(prefix).make(data)


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
    path = any(separator in text for separator in ("/", "\\"))
    close = _close(text, path)
    if path and not close:
        return (
            f"no folder {text!r} to load data from, nor a file; data are {_KINDS}, or one of "
            f"{', '.join(NAMES)}"
        )
    hint = f"; did you mean {close!r}?" if close else ""
    return f"unknown data set {text!r}{hint} (known: {', '.join(NAMES)}, or {_KINDS})"


def _close(text: str, path: bool) -> str | None:
    """The name that ``text`` is nearest to, if any is near."""
    prefix, colon, images = text.partition(":")
    names = PREFIXES if colon else () if path else (*NAMES, *PREFIXES)
    close = difflib.get_close_matches(prefix.lower(), names, n=1)
    if not close:
        return None
    return f"{close[0]}:{images or 'mnist5k'}" if close[0] in PREFIXES else close[0]
