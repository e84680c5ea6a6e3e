"""Images placed in frames, one over another, with maps of their classes and instances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gans.data.chance import Keys, below, branched, uniform
from gans.data.images import ImageData, Integers

__all__ = [
    "INSTANCES",
    "UNIT",
    "Objects",
    "colours",
    "instances",
    "label_channels",
    "label_colours",
    "placed",
    "render",
]

Floats32 = npt.NDArray[np.float32]

INSTANCES = 4
"""The most objects in a frame: the last channel of a label map has an object's number, divided by it."""

UNIT = 16
"""Positions are counted in sixteenths of a pixel."""

_WEIGHTS = 64
"""Weights of interpolation are multiples of 1/64: sums of products of them and bytes are exact in float32, in
any order, so that every machine draws the same outlines."""

_DARKEST = np.float32(0.15)


@dataclass(frozen=True)
class Objects:
    """What stands in frames: m objects in each of n, the later ones over the earlier ones.

    ``grey`` (n, m, h, w) are images with values from 0 to 255, ``classes`` (n, m) their labels, ``colours``
    (n, m, 3) from 0 to 1, ``sides`` (n, m) pixels of their longer side, ``present`` (n, m) whether they are
    there at all.
    """

    grey: Floats32
    classes: Integers
    colours: Floats32
    sides: Integers
    present: npt.NDArray[np.bool_]

    @classmethod
    def drawn(
        cls, images: ImageData, testing: bool, keys: Keys, sides: Integers, counts: Integers
    ) -> Objects:
        """``counts`` (n,) images of these ``sides`` for each key, from the test or the training images."""
        n, m = sides.shape
        numbers = below(branched(keys, 0), (images.tests if testing else len(images),) * m)
        flat = numbers.reshape(-1)
        pixels = images.test(flat) if testing else images.train(flat)
        grey = np.rint((pixels.mean(axis=1) + 1) * np.float32(127.5))
        labels = images.test_labels if testing else images.labels
        classes = labels[numbers].astype(np.int64) if len(labels) else np.zeros((n, m), np.int64)
        return cls(
            grey.reshape(n, m, *images.shape[1:]),
            classes,
            colours(branched(keys, 1), m),
            sides,
            np.arange(m) < counts[:, None],
        )


def label_channels(classes: int) -> int:
    """Channels of a label map: the background, each class, the boundaries, the instances."""
    return max(1, classes) + 3


def instances(source: Floats32) -> Integers:
    """The number of the object at each pixel of label maps (..., c, h, w), from 1; 0 is the background."""
    return np.rint(source[..., -1, :, :] * INSTANCES).astype(np.int64)


def label_colours(source: Floats32) -> Floats32:
    """Label maps (..., c, h, w) as pictures (..., 3, h, w) from -1 to 1.

    The background is black, each class has a colour, and later objects are darker.
    """
    classes = source[..., :-2, :, :].argmax(axis=-3)
    hues = (np.arange(source.shape[-3] - 3) * 0.618034) % 1  # neighbours get distant ones
    palette = np.clip(np.abs((hues[:, None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    palette = np.concatenate([np.zeros((1, 3)), 0.25 + 0.75 * palette])
    shade = 1 - 0.5 * np.maximum(source[..., -1, :, :] - 1 / INSTANCES, 0)
    drawn = palette[classes] * shade[..., None]
    picture: Floats32 = np.moveaxis(2 * drawn - 1, -1, -3).astype(np.float32)
    return picture


def colours(keys: Keys, count: int) -> Floats32:
    """Bright colours (n, count, 3): the largest part of each is 1 and the smallest 0.15."""
    drawn = uniform(keys, 3 * count).reshape(-1, count, 3)
    drawn -= drawn.min(axis=2, keepdims=True)
    drawn /= np.maximum(drawn.max(axis=2, keepdims=True), np.float32(2**-24))
    drawn *= 1 - _DARKEST
    drawn += _DARKEST
    return drawn


def render(
    objects: Objects, tops: Integers, lefts: Integers, size: int, classes: int
) -> tuple[Floats32, Floats32]:
    """Label maps (n, c, size, size) and frames (n, 3, size, size) of objects at places (n, m), in ``UNIT``.

    A label map has a channel for the background and one for each class, 1 where it is and 0 elsewhere; then
    one that is 1 on boundaries, where one of the four neighbours belongs to another object; then one with
    the number of the object, divided by ``INSTANCES``. A pixel belongs to the last object that covers at
    least half of it. Frames have values from -1 to 1.
    """
    n, m = objects.sides.shape
    frame = np.zeros((n, 3, size, size), np.float32)
    instance = np.zeros((n, size, size), np.int64)
    for i in range(m):
        cover = placed(objects.grey[:, i], tops[:, i], lefts[:, i], objects.sides[:, i], size)
        cover *= objects.present[:, i, None, None]
        instance[cover >= 127.5] = i + 1
        share = (np.minimum(cover, 255) / 255)[:, None]
        frame *= 1 - share
        frame += share * objects.colours[:, i, :, None, None]
    frame *= 2
    frame -= 1
    of_instance = np.concatenate([np.zeros((n, 1), np.int64), objects.classes + 1], axis=1)
    label = np.take_along_axis(of_instance, instance.reshape(n, -1), axis=1).reshape(instance.shape)
    source = np.zeros((n, label_channels(classes), size, size), np.float32)
    np.put_along_axis(source, label[:, None], np.float32(1), axis=1)
    source[:, -2] = _boundaries(instance)
    source[:, -1] = instance / np.float32(INSTANCES)
    return source, frame


def placed(grey: Floats32, tops: Integers, lefts: Integers, sides: Integers, size: int) -> Floats32:
    """Images (n, h, w) in frames (n, size, size), 0 around them, by linear interpolation.

    ``tops`` and ``lefts`` (n,) are their corners in sixteenths of a pixel, ``sides`` (n,) the pixels of
    their longer side.
    """
    h, w = grey.shape[1:]
    scales = max(h, w) / sides
    rows, columns = _weights(tops, scales, h, size), _weights(lefts, scales, w, size)
    # (n, size, h) @ (n, h, w) @ (n, w, size)
    cover: Floats32 = np.matmul(np.matmul(rows, grey), columns.transpose(0, 2, 1))
    return cover


def _weights(corners: Integers, scales: npt.NDArray[np.float64], count: int, size: int) -> Floats32:
    """The share (n, size, count) of each of an image's ``count`` rows in each row of a frame."""
    centres = (np.arange(size) + 0.5 - corners[:, None] / UNIT) * scales[:, None] - 0.5
    reach = np.maximum(1, scales)[:, None, None]
    beyond = 2 * int(np.ceil(reach.max(initial=1)))  # rows of black, which weigh too
    distances = np.abs(centres[:, :, None] - np.arange(-beyond, count + beyond)) / reach
    weights = np.maximum(0, 1 - distances)
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 0.5)
    shares: Floats32 = np.rint(weights[:, :, beyond:-beyond] * _WEIGHTS).astype(np.float32)
    shares /= _WEIGHTS
    return shares


def _boundaries(instance: Integers) -> npt.NDArray[np.bool_]:
    """Where one of the four neighbours has another number."""
    found = np.zeros(instance.shape, np.bool_)
    for axis in (1, 2):
        differ = np.diff(instance, axis=axis) != 0
        first: list[slice] = [slice(None)] * 3
        second = list(first)
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        found[tuple(first)] |= differ
        found[tuple(second)] |= differ
    return found
