"""Scenes of several digits: an index decides each, and the map says what is painted where."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import SceneData, load
from gans.data.images import ImageData, image_data
from gans.data.layouts import instances
from gans.data.mnist5k import load_mnist5k

DIGITS = SceneData(load_mnist5k())


def small(shape: tuple[int, ...], labels: bool = True) -> ImageData:
    pixels = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    classes = (np.arange(20) % 3).astype(np.uint8) if labels else None
    return image_data("mine", pixels, classes, pixels[:4], None if classes is None else classes[:4])


@pytest.mark.parametrize("images", [small((8, 8)), small((64, 20, 3)), small((9, 30), labels=False)])
def test_a_scene_depends_on_its_number_alone(images: ImageData) -> None:
    scenes = SceneData(images)
    a, b = scenes.batch()
    assert (len(scenes), scenes.tests, scenes.kind, scenes.name) == (20, 4, "pairs", "scenes:mine")
    assert (a.shape[1:], b.shape[1:]) == (scenes.source_shape, scenes.shape)
    assert scenes.source_shape == ((3 if images.classes else 1) + 3, 56, 56)
    assert a.dtype == b.dtype == np.float32
    assert -1 <= b.min() <= b.max() <= 1
    for indices in (np.array([15, 2, 15]), slice(3, 19, 5), np.array([-1])):
        some_a, some_b = scenes.batch(indices)
        np.testing.assert_array_equal(some_a, a[indices])
        np.testing.assert_array_equal(some_b, b[indices])
    assert not np.array_equal(scenes.test()[1], b[:4])
    np.testing.assert_array_equal(scenes.test(np.array([3]))[1], scenes.test()[1][[3]])


def test_a_scene_has_two_to_four_digits_of_all_classes_and_sizes() -> None:
    a, b = DIGITS.batch(slice(300))
    numbers = instances(a)
    seen = np.array([len(np.unique(one)) - 1 for one in numbers])
    assert set(seen.tolist()) == {2, 3, 4}
    assert np.bincount(seen)[2:].min() > 70
    np.testing.assert_array_equal(a[:, :11].sum(axis=1), 1)
    shown = a[:, 1:11].max(axis=(2, 3)).mean(axis=0)
    assert shown.min() > 0.15
    heights = [np.ptp(np.flatnonzero((one == 1).any(axis=1))) for one in numbers if (one == 1).any()]
    assert np.ptp(heights) > 8
    behind = b[np.broadcast_to(a[:, :1] == 1, b.shape)]
    assert behind.max() < 0.75  # where the rims of two strokes meet
    assert behind.mean() < -0.95


def test_an_object_has_one_class_and_one_colour() -> None:
    a, b = DIGITS.batch(slice(30))
    for classes, numbers, frame in zip(a[:, :11].argmax(axis=1), instances(a), b, strict=True):
        for number in range(1, numbers.max() + 1):
            where = numbers == number
            assert len(np.unique(classes[where])) <= 1
            bright = frame[:, where] + 1
            strong = bright[:, bright.max(axis=0) > 1.99]  # covered in whole
            if strong.shape[1] > 1:
                away = np.abs(strong - np.median(strong, axis=1, keepdims=True))
                assert np.median(away) < 0.01


def test_objects_are_as_their_images_are_labelled() -> None:
    """The classes in the maps are those of the images: three sets of one class each."""
    digits = load_mnist5k()
    for label in (1, 7):
        rows = digits.labels == label
        scenes = SceneData(image_data("ones", digits.images[rows], digits.labels[rows]))
        a, _ = scenes.batch(slice(9))
        classes = a[:, :-2].argmax(axis=1)
        assert set(np.unique(classes)) == {0, label + 1}


def test_scenes_have_no_labels_and_no_one_answer() -> None:
    assert len(DIGITS.test_labels) == 0
    assert not DIGITS.one_answer
    assert load("scenes:mnist5k").digest() == DIGITS.digest() != SceneData(small((8, 8))).digest()
