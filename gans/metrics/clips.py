"""Figures of clips that are painted from maps: their frames, and how much they flicker."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.describe import thumbnails
from gans.metrics.frechet import distance_if_many
from gans.metrics.objects import object_accuracy
from gans.metrics.similarity import image_batch, image_pair, l1, sharpness

__all__ = ["colour_spread", "evaluate_clips", "flicker", "relative_flicker"]

Clips = NDArray[np.float32]

LEAST_PIXELS = 16
"""Of an object whose colour counts: in fewer, the share of its rim decides."""


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
    colour_spread: by ``colour_spread``; real_colour_spread is that of the targets.
    relative_flicker: by ``relative_flicker``; real_relative_flicker is that of the targets.

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
    steadiness, real = (
        _steadiness(_colours(z, objects)) for z in (frames.reshape(x.shape), true.reshape(y.shape))
    )
    return {
        "samples": len(x),
        "brightness_l1": l1(bright, bright_true),
        **read,
        "sharpness": sharpness(frames, true),
        "thumbnail_fd": distance_if_many(small, small_true),
        "thumbnail_fd_floor": None if further is None else distance_if_many(thumbnails(further), small_true),
        **steadiness,
        **{f"real_{name}": value for name, value in real.items()},
    }


def _frames(clips: ArrayLike) -> Clips:
    x = np.asarray(clips)
    return image_batch(x.reshape(-1, *x.shape[2:]), "others")


def flicker(clips: ArrayLike, objects: ArrayLike) -> float | None:
    """How much the colours of objects change from one frame to the next.

        mean |m_(t+1) - m_t|   over objects, frames and channels; m: an object's mean colour

    clips (n, t, c, h, w) and the objects' numbers (n, t, h, w), 0 for the background, which does not count,
    nor does an object in a frame that shows fewer than 16 of its pixels. The mean is taken where the object
    is: neither motion nor a blur changes it much. The change of each pixel would be mostly motion, and less
    in a blurred clip than in a real one. From 0 to 2 for values in [-1, 1]; None if no object is seen in two
    frames. Objects of one colour in all clips do not flicker either: see ``colour_spread``.

    Raises ValueError if the shapes do not fit.

    >>> clip = np.zeros((1, 2, 3, 4, 4))
    >>> clip[:, 1] = 0.5
    >>> flicker(clip, np.ones((1, 2, 4, 4), int))
    0.5
    """
    return _steadiness(_colours(clips, objects))["flicker"]


def colour_spread(clips: ArrayLike, objects: ArrayLike) -> float | None:
    """Standard deviation of objects' mean colours over all clips and frames, averaged over the channels.

    It is that of the real clips if objects are painted in as many colours, and 0 if all have one colour.
    Arguments and errors are those of ``flicker``; None if no object has 16 pixels.

    >>> clips = np.zeros((2, 1, 3, 4, 4))
    >>> clips[1] = 0.5
    >>> colour_spread(clips, np.ones((2, 1, 4, 4), int))
    0.25
    """
    return _steadiness(_colours(clips, objects))["colour_spread"]


def relative_flicker(clips: ArrayLike, objects: ArrayLike) -> float | None:
    """``flicker`` over ``colour_spread``: how much objects change, measured by how much they differ.

    Colours that keep their place among all colours have 0, and those that are drawn anew for each frame about
    1.1 (2 / sqrt(pi) for normal ones), however pale they are. Arguments and errors are those of ``flicker``;
    None where one of both is None, or all objects have one colour.

    >>> clips = np.reshape([[0.0, 0.1], [0.9, 1.0]], (2, 2, 1, 1, 1)) * np.ones((3, 4, 4))
    >>> f"{relative_flicker(clips, np.ones((2, 2, 4, 4), int)):.2f}"
    '0.22'
    """
    return _steadiness(_colours(clips, objects))["relative_flicker"]


def _steadiness(colours: np.ma.MaskedArray[Any, Any]) -> dict[str, float | None]:
    """flicker, colour_spread and relative_flicker of the colours of objects."""
    deviations = colours - np.ma.mean(colours, axis=(0, 1, 2))
    spread = _mean(np.sqrt(np.ma.mean(np.square(deviations), axis=(0, 1, 2))))
    change = _mean(np.abs(np.diff(colours, axis=2)))
    relative = change / spread if change is not None and spread else None
    return {"flicker": change, "colour_spread": spread, "relative_flicker": relative}


def _colours(clips: ArrayLike, objects: ArrayLike) -> np.ma.MaskedArray[Any, Any]:
    """The mean colour of each object in each frame (m, n, t, c), masked where it has too few pixels."""
    x, number = np.asarray(clips, np.float64), np.asarray(objects)
    if x.ndim != 5 or number.shape != (*x.shape[:2], *x.shape[3:]):
        raise ValueError(
            f"clips (n, t, c, h, w) and objects (n, t, h, w) are needed, got {x.shape} and {number.shape}"
        )
    belongs = np.stack([number == i for i in range(1, max(1, int(number.max(initial=1))) + 1)])
    counts = belongs.sum(axis=(3, 4))[..., None]
    sums = np.einsum("mnthw,ntchw->mntc", belongs, x, optimize=True)
    few = np.broadcast_to(counts < LEAST_PIXELS, sums.shape)
    return np.ma.masked_array(sums / np.maximum(counts, 1), few)


def _mean(values: np.ma.MaskedArray[Any, Any]) -> float | None:
    return float(values.mean()) if values.count() else None
