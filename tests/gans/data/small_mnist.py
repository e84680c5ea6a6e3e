"""Twenty-and-ten digits that stand in for MNIST: their files, and MNIST's sums replaced by theirs."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from gans.data import mnist
from gans.data.download import Archive
from gans.data.idx import idx_bytes, write_idx
from gans.data.images import STEMS

RNG = np.random.default_rng(0)
ARRAYS = (
    RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8),
    (np.arange(20) % 10).astype(np.uint8),
    RNG.integers(0, 256, (10, 28, 28), dtype=np.uint8),
    np.arange(10, dtype=np.uint8),
)
PACKED = {f"{stem}.gz": gzip.compress(idx_bytes(array), 9) for stem, array in zip(STEMS, ARRAYS, strict=True)}


def replace_mnist(monkeypatch: pytest.MonkeyPatch, *, mirrors: tuple[str, ...], cache: Path) -> None:
    """``gans.data.mnist`` takes these files for MNIST's, from ``mirrors`` and ``cache`` alone."""
    files = tuple(
        mnist.MnistFile(
            stem,
            Archive(name, len(packed), hashlib.sha256(packed).hexdigest()),
            hashlib.sha256(idx_bytes(array)).hexdigest(),
        )
        for (name, packed), stem, array in zip(PACKED.items(), STEMS, ARRAYS, strict=True)
    )
    monkeypatch.setattr(mnist, "FILES", files)
    monkeypatch.setattr(mnist, "MIRRORS", mirrors)
    monkeypatch.setattr(mnist, "cache_folder", lambda: cache)
    monkeypatch.delenv(mnist.ENVIRONMENT_VARIABLE, raising=False)


def fill(folder: Path, *, anew: bool = False) -> Path:
    """Write the four files into a new folder: packed as they are downloaded, or unpacked with ``anew``."""
    folder.mkdir(parents=True)
    for (name, packed), array in zip(PACKED.items(), ARRAYS, strict=True):
        if anew:
            write_idx(folder / name.removesuffix(".gz"), array)
        else:
            (folder / name).write_bytes(packed)
    return folder
