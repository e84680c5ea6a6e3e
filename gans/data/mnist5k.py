"""``mnist5k``, the balanced cut of MNIST that is part of the package."""

from __future__ import annotations

import zipfile
import zlib
from importlib.resources import files

import numpy as np

from gans.data.images import ImageData, image_data
from gans.errors import UserError

__all__ = ["FILE_NAME", "load_mnist5k"]

FILE_NAME = "mnist5k.npz"


def load_mnist5k() -> ImageData:
    """5,000 training digits (500 of each class) and 1,000 test digits (100 of each), pixels as in MNIST.

    The training digits come from MNIST's training set and the test digits from its test set.
    ``tools/make_mnist5k.py`` cuts them; ``MNIST5K-LICENSE.txt`` names MNIST's authors and its licence.

    Raises UserError if the package's file is missing or damaged.
    """
    try:
        with (
            files("gans.data").joinpath(FILE_NAME).open("rb") as file,
            np.load(file, allow_pickle=False) as stored,
        ):
            names = ("train_images", "train_labels", "test_images", "test_labels")
            return image_data("mnist5k", *(stored[name] for name in names))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"the package's {FILE_NAME} is missing or damaged ({error}); install it again"
        ) from error
