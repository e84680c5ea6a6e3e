"""Digits in scenes: cut out and read."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import SceneData
from gans.data.layouts import instances
from gans.data.mnist5k import load_mnist5k
from gans.metrics import cut_out, load_classifier, object_accuracy

A, B = SceneData(load_mnist5k()).test(slice(0, 150))
NUMBERS, CLASSES = instances(A), A[:, :-2].argmax(axis=1) - 1


def test_real_scenes_are_read_as_their_maps_say() -> None:
    """Not all of them: digits hide parts of others."""
    assert 0.88 < object_accuracy(B, NUMBERS, CLASSES) < 0.97
    assert object_accuracy(-np.ones_like(B), NUMBERS, CLASSES) < 0.2
    assert object_accuracy(B, NUMBERS, (CLASSES + 1) % 10) < 0.1


def test_each_object_is_cut_out_once_in_the_middle() -> None:
    digits, labels = cut_out(B, NUMBERS, CLASSES)
    assert len(digits) == sum(len(np.unique(one[one > 0])) for one in NUMBERS)
    assert digits.shape[1:] == (1, 28, 28)
    assert labels.min() == 0
    assert labels.max() == 9
    for digit in digits[:40, 0]:
        rows, columns = (np.flatnonzero((digit > -0.5).any(axis=axis)) for axis in (1, 0))
        assert abs(rows[0] + rows[-1] - 27) <= 4
        assert abs(columns[0] + columns[-1] - 27) <= 4
        assert 14 <= max(np.ptp(rows), np.ptp(columns)) <= 23


def test_other_objects_are_black_and_the_background_stays() -> None:
    frame = np.full((1, 1, 40, 40), 0.5, np.float32)
    numbers = np.zeros((1, 40, 40), np.int64)
    numbers[0, 10:30, 10:30] = 1
    numbers[0, 12:28, 12:28] = 2
    numbers[0, 18:22, 18:22] = 0
    digits, labels = cut_out(frame, numbers, np.where(numbers == 1, 7, 3))
    assert labels.tolist() == [7, 3]
    outer, inner = digits[:, 0]
    assert outer[5, 5] == outer[14, 14] == 0.5  # its own, and the background in the hole
    assert outer[14, 8] == -1  # of the inner one
    assert inner[14, 8] == 0.5


def test_a_dark_colour_is_read_by_its_brightest_channel() -> None:
    digit = load_mnist5k().test(slice(3, 4))
    scene = np.full((1, 3, 28, 28), -1, np.float32)
    scene[:, 2] = digit[:, 0]
    numbers = (digit[:, 0] > 0).astype(np.int64)
    digits, _ = cut_out(scene, numbers, numbers)
    assert digits.max() > 0.9
    assert load_classifier().predict(digits) == load_classifier().predict(digit)


def test_shapes_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="are needed, got"):
        object_accuracy(B, NUMBERS[:3], CLASSES)
    with pytest.raises(ValueError, match="n >= 1"):
        object_accuracy(B, np.zeros_like(NUMBERS), CLASSES)
