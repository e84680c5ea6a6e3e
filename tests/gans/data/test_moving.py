"""Moving digits: an index decides a clip, objects move on lines, bounce and keep their looks."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import MovingData, load
from gans.data.images import ImageData, image_data
from gans.data.layouts import UNIT, instances
from gans.data.mnist5k import load_mnist5k
from gans.data.moving import FASTEST, FRAMES, bounced

DIGITS = MovingData(load_mnist5k())


def dots() -> ImageData:
    """Twelve images of a white square in the middle."""
    pixels = np.zeros((12, 16, 16), np.uint8)
    pixels[:, 4:12, 4:12] = 255
    return image_data("dots", pixels, None, pixels[:4])


@pytest.mark.parametrize("images", [dots(), load_mnist5k()])
def test_a_clip_depends_on_its_number_alone(images: ImageData) -> None:
    clips = MovingData(images)
    first = slice(12)
    a, b = clips.batch(first)
    assert (len(clips), clips.tests, clips.kind) == (len(images), images.tests, "clips")
    assert (a.shape[1:], b.shape[1:]) == (clips.source_shape, clips.shape)
    assert clips.shape == (FRAMES, 3, 32, 32)
    assert a.dtype == b.dtype == np.float32
    assert -1 <= b.min() <= b.max() <= 1
    for indices in (np.array([11, 2, 11]), slice(1, 9, 3)):
        some_a, some_b = clips.batch(indices)
        np.testing.assert_array_equal(some_a, a[indices])
        np.testing.assert_array_equal(some_b, b[indices])
    test_a, _ = clips.test(slice(4))
    assert not np.array_equal(test_a, a[:4])
    np.testing.assert_array_equal(clips.test(np.array([3]))[0], test_a[[3]])


def test_a_clip_has_one_or_two_digits_in_all_frames() -> None:
    a, _ = DIGITS.batch(slice(200))
    numbers = instances(a)
    counts = np.array([one.max() for one in numbers])
    assert np.bincount(counts)[1:].min() > 70
    assert ((numbers == 1).any(axis=(2, 3)) | (counts == 2)[:, None]).all()
    np.testing.assert_array_equal(a[:, :, :11].sum(axis=2), 1)
    classes = a[:, :, 1:11].max(axis=(1, 3, 4))
    assert (classes.sum(axis=1) <= counts).all()  # a digit keeps its class
    assert classes.mean(axis=0).min() > 0.08


def centres(numbers: np.ndarray) -> np.ndarray:
    """The middle (n, t, 2) of object 1 in each frame."""
    rows, columns = np.arange(32)[:, None], np.arange(32)
    where = numbers == 1
    area = where.sum(axis=(2, 3))
    return np.stack([(where * axis).sum(axis=(2, 3)) / area for axis in (rows, columns)], axis=-1)


def test_objects_move_on_lines_and_turn_at_the_sides() -> None:
    a, _ = MovingData(dots()).batch()
    numbers = instances(a)
    single = numbers[numbers.max(axis=(1, 2, 3)) == 1]
    assert len(single) > 3
    steps = np.diff(centres(single), axis=1)
    assert np.abs(steps).max() <= FASTEST / UNIT + 0.6
    assert np.abs(steps).max(axis=(1, 2)).min() > 0.3  # all of them move
    turned = (np.sign(steps[:, 1:]) * np.sign(steps[:, :-1]) < 0).any(axis=(1, 2))
    assert turned.sum() > 0


def test_places_are_reflected() -> None:
    there = bounced(np.arange(-4, 13), np.array(4))
    assert there.tolist() == [4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4]


def test_an_object_keeps_its_colour_in_all_frames() -> None:
    a, b = DIGITS.batch(slice(60))
    numbers = instances(a)
    for number, frames in zip(numbers, b, strict=True):
        bright = np.moveaxis(frames, 1, -1)[number == 1] + 1
        strong = bright[bright.max(axis=1) > 1.99]
        if len(strong) > 4:
            assert np.median(np.abs(strong - np.median(strong, axis=0))) < 0.01


def test_the_set_is_known_by_its_images() -> None:
    assert load("moving:mnist5k").digest() == DIGITS.digest() != load("scenes:mnist5k").digest()
    assert len(DIGITS.test_labels) == 0
