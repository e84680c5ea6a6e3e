"""Cut ``mnist5k`` from the full MNIST: ``python -m tools.make_mnist5k FOLDER [OUT.npz]``.

FOLDER holds MNIST's four files, as for ``--data-dir``. Of each class the digits whose key is smallest are
taken, 500 from the training set and 100 from the test set; the key of the digit at index i of a split is the
SHA-256 of the text ``SEED:split:i``. That is a random choice which no library's random numbers can change.
The digits keep MNIST's order, and their indices in MNIST are stored beside them. Two runs of one zlib write
the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

import gans.data
from gans.data.download import sha256
from gans.data.mnist import load_mnist
from gans.data.mnist5k import FILE_NAME
from gans.errors import UserError
from gans.files import write

__all__ = ["SEED", "choose", "main"]

SEED = 5000
TRAIN_PER_CLASS, TEST_PER_CLASS = 500, 100
SHIPPED = Path(gans.data.__file__).with_name(FILE_NAME)


def choose(labels: npt.NDArray[np.integer], split: str, per_class: int) -> npt.NDArray[np.uint16]:
    """Indices of ``per_class`` examples of every class in ``labels``, ascending; SEED alone decides which.

    Raises ValueError if a class has too few examples.
    """
    chosen: list[int] = []
    for label in np.unique(labels):
        members = [int(index) for index in np.flatnonzero(labels == label)]
        if len(members) < per_class:
            raise ValueError(f"{split}: class {label} has {len(members)} examples, {per_class} are wanted")
        chosen += sorted(
            members, key=lambda index: hashlib.sha256(f"{SEED}:{split}:{index}".encode()).digest()
        )[:per_class]
    return np.array(sorted(chosen), dtype=np.uint16)


def main(arguments: list[str] | None = None) -> int:
    """Write the file and print its size and SHA-256; status 2 and one line on bad input."""
    parser = argparse.ArgumentParser("python -m tools.make_mnist5k", description="Cut mnist5k from MNIST.")
    parser.add_argument("folder", type=Path, help="folder with MNIST's four files")
    parser.add_argument("out", type=Path, nargs="?", default=SHIPPED, help="file (default: the shipped one)")
    options = parser.parse_args(arguments)
    try:
        data = load_mnist(options.folder)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    train = choose(data.labels, "train", TRAIN_PER_CLASS)
    test = choose(data.test_labels, "test", TEST_PER_CLASS)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        train_images=data.images[train],
        train_labels=data.labels[train].astype(np.uint8),
        train_indices=train,
        test_images=data.test_images[test],
        test_labels=data.test_labels[test].astype(np.uint8),
        test_indices=test,
    )
    write(options.out, buffer.getvalue())
    print(f"{options.out}: {options.out.stat().st_size} bytes, SHA-256 {sha256(options.out)}")
    print(f"content: {data.name} cut to {len(train)} + {len(test)} digits, seed {SEED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
