"""Data sets by name: MNIST and its cut inside the package, folders of IDX files, toy distributions."""

from __future__ import annotations

import difflib
import os

from gans.data.domains import DomainData
from gans.data.images import ImageData, batches, epoch_order, load_folder
from gans.data.mnist import load_mnist
from gans.data.mnist5k import load_mnist5k
from gans.data.pairs import PairData
from gans.data.sequences import SequenceData
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

Dataset = ImageData | ToyData

NAMES: tuple[str, ...] = ("mnist5k", "mnist", *TOYS)
"""The names that ``load`` accepts; anything else is a folder of IDX files."""


def load(name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    ``name`` is one of ``NAMES``, or the path of a folder with the IDX files of a set such as Fashion-MNIST,
    or such a folder's name inside ``data_dir``. A name wins over a folder of the same name; write
    ``./mnist`` for the folder. ``data_dir`` is where ``mnist`` is looked for first and downloaded to (see
    ``gans.data.mnist.load_mnist``).

    Raises UserError for an unknown name, missing or damaged files, or a failed download.

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
    for folder in (path, *([user_path(data_dir) / path] if data_dir else [])):
        if text and os.path.isdir(folder):
            return load_folder(folder, folder.resolve().name)
    raise UserError(_unknown(text))


def _unknown(text: str) -> str:
    if any(separator in text for separator in ("/", "\\")):
        return (
            f"no folder {text!r} to load data from; give a folder of IDX files, or one of {', '.join(NAMES)}"
        )
    close = difflib.get_close_matches(text.lower(), NAMES, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown data set {text!r}{hint} (known: {', '.join(NAMES)}, or a folder of IDX files)"
