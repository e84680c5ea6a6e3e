"""Images in styles: what each style is, that each image has one, and that its number alone decides it."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import StyleData, load
from gans.data.domains import in_three
from gans.data.images import ImageData, image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.styles import STYLES, golden, hollow, hollow_filled
from gans.errors import UserError
from gans.metrics import load_classifier

DIGITS = StyleData(load_mnist5k())


def small(n: int, shape: tuple[int, ...] = (9, 8)) -> ImageData:
    pixels = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    return image_data("mine", pixels, None, pixels[:4])


def test_each_style_has_as_many_images_of_every_class() -> None:
    for styles, labels in (
        (DIGITS.labels, DIGITS.images.labels),
        (DIGITS.test_labels, DIGITS.images.test_labels),
    ):
        counts = np.bincount(styles)
        assert (len(counts), np.ptp(counts)) == (len(STYLES), 0)
        table = np.histogram2d(styles, labels, bins=(5, 10))[0]
        assert table.min() > 0.5 * table.mean()  # a style has nothing to do with the digit
    assert np.ptp(np.bincount(StyleData(small(12)).labels)) == 1


def test_an_image_is_that_of_its_number_in_its_style() -> None:
    images, plain = DIGITS.test(slice(60)), in_three(DIGITS.images.test(slice(60)))
    assert (images.shape, images.dtype) == ((60, 3, 28, 28), np.float32)
    for image, before, style in zip(images, plain, DIGITS.test_labels[:60], strict=True):
        made = list(STYLES.values())[style].there(before[None])
        np.testing.assert_array_equal(image, made[0])
    of_style = DIGITS.in_style(3, slice(60))
    rows = DIGITS.test_labels[:60] == 3
    np.testing.assert_array_equal(of_style[rows], images[rows])
    assert DIGITS.train_labels(slice(7)).tolist() == DIGITS.labels[:7].tolist()


@pytest.mark.parametrize("shape", [(8, 8), (9, 13), (10, 9, 3)])
def test_an_image_depends_on_its_number_alone(shape: tuple[int, ...]) -> None:
    styles = StyleData(small(20, shape))
    whole = styles.train()
    assert (len(styles), styles.tests, styles.name, styles.kind) == (20, 4, "styles:mine", "image")
    assert whole.shape == (20, *styles.shape) == (20, 3, *shape[:2])
    assert -1 <= whole.min() <= whole.max() <= 1
    for indices in (np.array([15, 2, 15]), slice(3, 19, 5), np.array([-1])):
        np.testing.assert_array_equal(styles.train(indices), whole[indices])
    np.testing.assert_array_equal(styles.test(np.array([3, 1])), styles.test()[[3, 1]])


def test_hollow_is_the_surroundings_alone() -> None:
    x = np.full((1, 1, 8, 8), -1, np.float32)
    x[..., 3:5, 3:5] = 1
    expected = np.full((8, 8), -1, np.float32)
    expected[2:6, 2:6] = 1
    expected[3:5, 3:5] = -1
    np.testing.assert_array_equal(hollow(x)[0, 0], expected)
    expected[3:5, 3:5] = 1
    np.testing.assert_array_equal(hollow_filled(hollow(x))[0, 0], expected)


def test_gold_is_bright_where_the_image_is() -> None:
    x = np.array([-1.0, 0.0, 1.0], np.float32).reshape(1, 1, 1, 3).repeat(3, axis=1)
    np.testing.assert_allclose(golden(x)[0, :, 0].T, [[-1, -1, -1], [0, -0.25, -1], [1, 0.5, -1]])


def test_the_styles_differ_and_the_classifier_reads_all_but_hollow_ones() -> None:
    judge, few = load_classifier(), slice(300)
    in_each = [DIGITS.in_style(style, few) for style in range(len(STYLES))]
    for i, one in enumerate(in_each):
        for other in in_each[:i]:
            assert np.abs(one - other).mean() > 0.05
    read = {
        name: judge.accuracy(DIGITS.plain(images, style), DIGITS.images.test_labels[few])
        for style, (name, images) in enumerate(zip(STYLES, in_each, strict=True))
    }
    assert min(accuracy for name, accuracy in read.items() if name != "hollow") > 0.95
    assert read["hollow"] < 0.9  # strokes that are filled again are too thick


def test_labels_of_the_images_are_not_needed() -> None:
    styles = StyleData(image_data("mine", np.zeros((9, 8, 8), np.uint8)))
    assert (styles.classes, styles.missing, len(styles.labels)) == (5, ("test images",), 9)
    assert StyleData(small(9)).missing == ()


def test_the_set_is_known_by_its_images() -> None:
    assert DIGITS.digest() == load("styles:mnist5k").digest()
    assert len({DIGITS.digest(), load("stacked:mnist5k").digest(), StyleData(small(9)).digest()}) == 3


def test_fewer_images_than_styles_are_refused() -> None:
    with pytest.raises(UserError, match=r"styles:mine: needs 5 training images at least, .* mine has 4"):
        StyleData(small(4))
