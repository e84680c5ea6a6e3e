"""Scaled images become integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import DIGITS


def pixels(images: NDArray[np.uint8]) -> NDArray[Any]:
    return (images / 127.5 - 1.0).astype(np.float64)


def pixels_wrong(images: NDArray[np.uint8]) -> NDArray[Any]:
    return (images / 127.5 - 1.0).astype(np.int64)


def values(play: Play) -> float:
    """How many numbers the pixels of 64 real images have."""
    return float(len(np.unique(play.batch(64).real.numpy())))


BUG = Bug(
    "Real images cast to integers",
    "collections of GANs on MNIST: a cast after the division",
    "of 256 values -1, 0 and 1 are left, and D learns to tell an integer from a number that is none",
    "floats, and the cast before the division if there is one",
    DIGITS,
    "pixels",
    pixels,
    pixels_wrong,
    Symptom("different numbers in 64 real images", values, 1),
    "pixels",
)
