"""Stacked digits: three images of a set in one, drawn by the number of the image alone."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import StackedData, load
from gans.data.images import ImageData, image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.stacked import TESTS, TRAINING
from gans.errors import UserError

DIGITS = StackedData(load_mnist5k())


def numbered(n: int, classes: int, tests: bool = True) -> ImageData:
    """Images of one value each, their number; test images are 100 brighter."""
    pixels = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 8, 9)).copy()
    labels = (np.arange(n) % classes).astype(np.uint8)
    return image_data("numbered", pixels, labels, *((pixels + 100, labels) if tests else ()))


def bytes_of(images: np.ndarray) -> np.ndarray:
    return np.rint((images + 1) * 127.5).astype(int)


def test_each_channel_is_an_image_of_the_set() -> None:
    for images, count, first in (
        (DIGITS.train(slice(40)), 5_000, DIGITS.images.train()),
        (DIGITS.test(slice(40)), 1_000, DIGITS.images.test()),
    ):
        parts = DIGITS.parts(np.arange(40), 0 if count == 5_000 else 1)
        assert (images.shape, images.dtype) == ((40, 3, 28, 28), np.float32)
        assert parts.max() < count
        np.testing.assert_array_equal(images, first[parts][:, :, 0])


def test_a_label_is_the_three_digits() -> None:
    parts = DIGITS.parts(np.arange(TRAINING))
    hundreds, tens, ones = DIGITS.images.labels[parts].astype(int).T
    np.testing.assert_array_equal(DIGITS.labels, 100 * hundreds + 10 * tens + ones)
    assert (DIGITS.classes, len(DIGITS.labels), len(DIGITS.test_labels)) == (1_000, TRAINING, TESTS)
    assert DIGITS.train_labels(np.array([5, 2])).tolist() == DIGITS.labels[[5, 2]].tolist()
    assert DIGITS.labels[:4].tolist() == [865, 374, 13, 642]


def test_the_modes_are_even_and_the_channels_independent() -> None:
    counts = np.bincount(DIGITS.labels, minlength=1_000)
    expected = TRAINING / 1_000
    assert ((counts - expected) ** 2 / expected).sum() == pytest.approx(999, abs=4 * (2 * 999) ** 0.5)
    assert len(np.unique(DIGITS.test_labels)) == 1_000


def test_an_image_depends_on_its_number_alone() -> None:
    whole = DIGITS.train(slice(0, 300))
    for indices in (np.array([299, 2, 2]), slice(3, 290, 7), np.arange(300)[::-1]):
        np.testing.assert_array_equal(DIGITS.train(indices), whole[indices])
    np.testing.assert_array_equal(DIGITS.test(np.array([-1])), DIGITS.test(slice(TESTS - 1, TESTS)))
    small = StackedData(numbered(9, 3))
    assert bytes_of(small.train(slice(5)))[:, :, 0, 0].tolist() == small.parts(np.arange(5)).tolist()
    assert (
        bytes_of(small.test(slice(5)))[:, :, 0, 0].tolist() == (small.parts(np.arange(5), 1) + 100).tolist()
    )
    assert not np.array_equal(small.parts(np.arange(5)), small.parts(np.arange(5), 1))


def test_the_classes_are_triples_of_as_many_as_there_are() -> None:
    small = StackedData(numbered(9, 3))
    assert (small.shape, small.classes, small.labels.max()) == ((3, 8, 9), 27, 26)
    assert len(StackedData(numbered(200, 41)).labels) == StackedData(numbered(200, 41)).classes == 0
    unlabelled = StackedData(image_data("mine", np.zeros((3, 8, 8), np.uint8)))
    assert (len(unlabelled.labels), unlabelled.classes, unlabelled.tests) == (0, 0, 0)
    assert len(unlabelled.train_labels(slice(4))) == 0
    assert "test images" in unlabelled.missing


def test_the_set_is_known_by_its_images() -> None:
    assert DIGITS.digest() == StackedData(load_mnist5k()).digest() != DIGITS.images.digest()
    assert StackedData(numbered(9, 3)).digest() != StackedData(numbered(9, 4)).digest()
    assert load("stacked:mnist5k").digest() == DIGITS.digest()


def test_images_in_colour_are_refused() -> None:
    colours = image_data("photos", np.zeros((4, 8, 8, 3), np.uint8))
    with pytest.raises(UserError, match="stacked:photos: needs grey images, and those of photos are in"):
        StackedData(colours)
