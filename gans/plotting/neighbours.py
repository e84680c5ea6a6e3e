"""Samples beside the training images that are nearest to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.errors import UserError
from gans.metrics.distances import nearest as nearest_points
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained

__all__ = ["neighbours"]

ORDINALS = {2: "2nd", 3: "3rd"}
"""Of places; all others end in th up to 20."""

BLOCK = 4_096
"""Training images at a time."""


def neighbours(trained: Trained, *, n: int = 8, seed: int = 0, nearest: int = 5) -> Picture:
    """``n`` samples, each beside its ``nearest`` training images, with their Euclidean distances over pixels.

    All training images are compared. A copy has the distance 0; pixels are in [-1, 1]. Where there are test
    images, the title has the median distance of the first ``n`` of them to their nearest training image:
    samples that are much nearer are copies. ``numbers``: ``samples`` (n, c, h, w), ``indices`` and
    ``distances`` (n, nearest).
    """
    if not 1 <= nearest <= trained.training_count:
        raise UserError(
            f"`nearest` must be from 1 to {trained.training_count:,}, the training images, got {nearest}"
        )
    samples = trained.samples(n, seed).samples
    distances, indices = _search(trained, samples, nearest)
    found = np.stack([
        np.stack([trained.training_images(slice(index, index + 1))[0] for index in row]) for row in indices
    ])  # fmt: skip
    rows = np.concatenate([np.broadcast_to(samples[:, None], (n, 1, *found.shape[2:])), found], axis=1)
    below = [["sample", *[f"{distance:.2f}" for distance in row]] for row in distances]
    above = ["", "nearest", *[ORDINALS.get(k, f"{k}th") for k in range(2, nearest + 1)]]
    title = trained.title(f"nearest of {trained.training_count:,} training images{_beside(trained, n)}")
    content = plots.captioned_rows(rows, title, above=above, below=below, parts=(1,))
    return Picture("neighbours", content, {"samples": samples, "indices": indices, "distances": distances})


def _search(trained: Trained, queries: NDArray[Any], k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The distances and the places of the k nearest training images, (n, k), ascending."""
    flat = queries.reshape(len(queries), -1)
    squared: NDArray[Any] = np.empty((len(flat), 0))
    places: NDArray[Any] = np.empty((len(flat), 0), np.int64)
    for start in range(0, trained.training_count, BLOCK):
        block = trained.training_images(slice(start, start + BLOCK))
        here, index = nearest_points(flat, block.reshape(len(block), -1), min(k, len(block)))
        squared = np.concatenate([squared, here], axis=1)
        places = np.concatenate([places, start + index], axis=1)
        order = np.argsort(squared, axis=1, kind="stable")[:, :k]
        squared, places = (np.take_along_axis(a, order, axis=1) for a in (squared, places))
    return np.sqrt(squared), places


def _beside(trained: Trained, n: int) -> str:
    """The same distance of test images, in words."""
    if trained.data.kind != "image" or not trained.data.tests:
        return ""
    distances, _ = _search(trained, trained.data.test(slice(0, n)), 1)
    return f"\n(test images are {np.median(distances):.2f} from theirs, the median)"
