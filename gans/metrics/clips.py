"""Figures of clips that are painted from maps: their frames, and how much they flicker."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import IntArray
from gans.metrics.describe import thumbnails
from gans.metrics.frechet import distance_if_many
from gans.metrics.objects import object_accuracy
from gans.metrics.similarity import image_batch, image_pair, l1, sharpness

__all__ = ["evaluate_clips", "flicker"]

Clips = NDArray[np.float32]


def evaluate_clips(
    outputs: ArrayLike,
    targets: ArrayLike,
    objects: ArrayLike,
    classes: ArrayLike | None = None,
    *,
    others: ArrayLike | None = None,
) -> dict[str, Any]:
    """Every figure of clips that were painted from maps, each beside a real clip of the same map.

    outputs and targets (n, t, c, h, w) float in [-1, 1]; objects (n, t, h, w) are the numbers of the objects
    at each pixel, 0 for the background, and classes (n, t, h, w) their classes. ``others`` are as many
    further real clips, for the floor.

    samples: count of clips.
    brightness_l1: mean absolute difference of frames from the real ones, in the largest of each pixel's
        channels: bright colours are equal there, and shapes are compared.
    object_accuracy: by ``object_accuracy``, of all frames; real_object_accuracy is that of the targets. None
        without classes.
    sharpness: of the frames, relative to those of the targets.
    thumbnail_fd: Frechet distance over thumbnails of 8 x 8 pixels of frames from those of targets; None if
        there are not more frames than such pixels and channels.
    thumbnail_fd_floor: the same with ``others`` in place of the outputs; None without them.
    flicker: by ``flicker``; real_flicker is that of the targets.

    Raises ValueError if shapes or values do not fit.
    """
    x, y = np.asarray(outputs), np.asarray(targets)
    if x.ndim != 5 or x.shape != y.shape:
        raise ValueError(
            f"clips of one shape (n, t, c, h, w) are needed, got outputs {x.shape} and targets {y.shape}"
        )
    frames, true = image_pair(x.reshape(-1, *x.shape[2:]), y.reshape(-1, *y.shape[2:]))
    small, small_true = thumbnails(frames), thumbnails(true)
    bright, bright_true = (images.max(axis=1, keepdims=True) for images in (frames, true))
    read: dict[str, float | None] = dict.fromkeys(("object_accuracy", "real_object_accuracy"))
    if classes is not None:
        numbers, kinds = (np.asarray(maps).reshape(-1, *x.shape[3:]) for maps in (objects, classes))
        read = dict(zip(read, (object_accuracy(z, numbers, kinds) for z in (frames, true)), strict=True))
    further = None if others is None else _frames(others)
    return {
        "samples": len(x),
        "brightness_l1": l1(bright, bright_true),
        **read,
        "sharpness": sharpness(frames, true),
        "thumbnail_fd": distance_if_many(small, small_true),
        "thumbnail_fd_floor": None if further is None else distance_if_many(thumbnails(further), small_true),
        "flicker": flicker(frames.reshape(x.shape), objects),
        "real_flicker": flicker(true.reshape(y.shape), objects),
    }


def _frames(clips: ArrayLike) -> Clips:
    x = np.asarray(clips)
    return image_batch(x.reshape(-1, *x.shape[2:]), "others")


def flicker(clips: ArrayLike, objects: ArrayLike) -> float | None:
    """How much objects change from one frame to the next.

        mean |x_(t+1, p) - x_(t, p)|   over pixels p that belong to one object in both frames

    clips (n, t, c, h, w) and the objects' numbers (n, t, h, w), 0 for the background, which does not count.
    An object that moves and keeps its colours changes at its rim alone. From 0 to 2 for values in [-1, 1];
    None if no pixel stays with an object.

    Raises ValueError if the shapes do not fit.

    >>> clip = np.zeros((1, 2, 3, 4, 4))
    >>> clip[:, 1] = 0.5
    >>> flicker(clip, np.ones((1, 2, 4, 4), int))
    0.5
    """
    x: Clips = np.asarray(clips)
    number: IntArray = np.asarray(objects)
    if x.ndim != 5 or number.shape != (*x.shape[:2], *x.shape[3:]):
        raise ValueError(
            f"clips (n, t, c, h, w) and objects (n, t, h, w) are needed, got {x.shape} and {number.shape}"
        )
    stays = (number[:, 1:] == number[:, :-1]) & (number[:, 1:] > 0)
    if not stays.any():
        return None
    changes = np.abs(x[:, 1:].astype(np.float64) - x[:, :-1]).mean(axis=2)
    return float(changes[stays].mean())
