"""Images in the place of MNIST, so few that a protocol takes a moment."""

from __future__ import annotations

import numpy as np

from gans.data import ImageData
from gans.data.images import image_data

FIRST = 400
"""Training images that are dark; the others are bright."""


def like_mnist(images: int = 500, tests: int = 100) -> ImageData:
    """Images of MNIST's size: each split has a grey of its own, and ten classes that take turns."""
    rng = np.random.default_rng(0)

    def made(n: int, grey: int) -> np.ndarray:
        return (grey + rng.integers(0, 5, (n, 28, 28))).astype(np.uint8)

    labels = (np.arange(max(images, tests)) % 10).astype(np.uint8)
    train = np.concatenate([made(FIRST, 50), made(images - FIRST, 200)])
    return image_data("mnist", train, labels[:images], made(tests, 100), labels[:tests])
