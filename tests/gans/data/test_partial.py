"""Images of which few have labels: as many of each class, chosen by their numbers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gans.data import PartialData, data_name, load
from gans.data.idx import write_idx
from gans.data.images import ImageData, image_data
from gans.data.mnist5k import load_mnist5k
from gans.errors import UserError

DIGITS = load_mnist5k()


def small(classes: list[int]) -> ImageData:
    """An image for each class, of one value: its number."""
    pixels = np.broadcast_to(np.arange(len(classes), dtype=np.uint8)[:, None, None], (len(classes), 8, 8))
    return image_data("mine", pixels.copy(), np.array(classes, np.uint8))


@pytest.mark.parametrize("count", [10, 20, 100, 1_000, 5_000])
def test_each_class_has_as_many_labels(count: int) -> None:
    few = PartialData(DIGITS, count)
    assert np.bincount(few.labels).tolist() == [count // 10] * 10
    assert len(np.unique(few.numbers)) == count
    assert few.name == f"labels{count}:mnist5k"
    images, labels = few.labelled()
    np.testing.assert_array_equal(images, DIGITS.train(few.numbers))
    np.testing.assert_array_equal(labels, DIGITS.labels[few.numbers])
    assert labels.dtype == np.int64


def test_the_others_are_all_images_without_labels() -> None:
    few = PartialData(DIGITS, 100)
    assert (len(few), few.tests, few.shape, few.classes, few.kind) == (
        5_000,
        1_000,
        (1, 28, 28),
        10,
        "partial",
    )
    np.testing.assert_array_equal(few.train(slice(9)), DIGITS.train(slice(9)))
    np.testing.assert_array_equal(few.test(slice(9)), DIGITS.test(slice(9)))
    assert few.test_labels is DIGITS.test_labels


def test_the_choice_is_fixed_and_another_split_is_another_choice() -> None:
    few = PartialData(DIGITS, 100)
    np.testing.assert_array_equal(few.numbers, PartialData(load_mnist5k(), 100).numbers)
    assert few.numbers[:5].tolist() == [79, 108, 118, 189, 190]
    others = [PartialData(DIGITS, 100, split) for split in range(1, 6)]
    for other in others:
        assert len(np.intersect1d(few.numbers, other.numbers)) < 12
        assert np.bincount(other.labels).tolist() == [10] * 10
    assert len({data.digest() for data in (few, *others, PartialData(DIGITS, 20))}) == 7
    indices = np.array([99, 3, 3])
    np.testing.assert_array_equal(few.labelled(indices)[0], few.labelled()[0][indices])
    assert set(PartialData(DIGITS, 20).numbers) < set(few.numbers)


def test_classes_without_images_do_not_count() -> None:
    few = PartialData(small([1, 2, 4] * 3), 6)
    assert np.bincount(few.labels).tolist() == [0, 2, 2, 0, 2]


def test_a_name_says_how_many_and_which(tmp_path: Path) -> None:
    data = load("labels20-3:mnist5k")
    assert isinstance(data, PartialData)
    assert (data.count, data.split, data.name) == (20, 3, "labels20-3:mnist5k")
    write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((9, 10, 10), np.uint8))
    assert data_name(f"labels5:{tmp_path}") == f"labels5:{tmp_path.resolve()}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("labels105:mnist5k", "105 labels are not as many for each of 10 classes; take a multiple of 10"),
        ("labels0:mnist5k", "0 labels are not as many for each of 10 classes"),
        ("labels6000:mnist5k", "needs 600 images of each class, and mnist5k has 500 of class 0"),
        ("labels:mnist5k", "did you mean 'labels100:mnist5k'?"),
        ("labels50", "labels50 is made from images: write labels50:mnist5k"),
        ("labels10:ring", "labels10 is made from plain images"),
    ],
)
def test_what_cannot_be_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load(name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_images_without_labels_are_refused() -> None:
    with pytest.raises(UserError, match="labels10:mine: the images of mine have no labels"):
        PartialData(image_data("mine", np.zeros((9, 8, 8), np.uint8)), 10)
