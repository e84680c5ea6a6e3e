"""Pairs made from images: what each maker computes, and that a pair depends on its image alone."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data.images import ImageData, image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.pairs import NOISE, PAIRS, PairData, edges, masked, noisy, small

DIGITS = load_mnist5k()


def drawn(*rows: str) -> np.ndarray:
    """One image (1, 1, h, w): # is white, everything else black."""
    return np.array([[[[1.0 if c == "#" else -1.0 for c in row] for row in rows]]], np.float32)


def small_set(shape: tuple[int, ...], n: int = 12, labels: bool = True) -> ImageData:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
    classes = (np.arange(n) % 3).astype(np.uint8)
    return (
        image_data("mine", pixels, classes, pixels[::-1], classes) if labels else image_data("mine", pixels)
    )


def keys(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.uint64) * np.uint64(977)


def test_an_outline_surrounds_what_is_bright() -> None:
    solid = drawn(".....", ".##..", ".##..", ".....", ".....")
    np.testing.assert_array_equal(edges(solid), drawn(".##..", "#..#.", "#..#.", ".##..", "....."))
    np.testing.assert_array_equal(edges(drawn("##", "##")), drawn("..", ".."))
    np.testing.assert_array_equal(edges(drawn("#.", "..")), drawn(".#", "#."))


def test_an_outline_of_colours_has_one_channel() -> None:
    colours = np.concatenate([drawn("#..."), drawn("#..."), drawn("...#")], axis=1)
    np.testing.assert_array_equal(edges(colours), drawn(".#.."))


def test_noise_is_added_and_cut() -> None:
    grey = np.zeros((200, 1, 28, 28), np.float32)
    a = noisy(grey, keys(200))
    inner = np.abs(a) < 1
    assert inner.mean() == pytest.approx(0.683, abs=0.02)  # within one standard deviation
    assert NOISE == 1.0
    assert abs(a.mean()) < 0.01
    assert not np.array_equal(a[0], a[1])
    assert (noisy(grey + 5, keys(200)) == 1).all()


def test_a_low_resolution_is_the_mean_of_squares() -> None:
    b = np.arange(2 * 3 * 8 * 12, dtype=np.float32).reshape(2, 3, 8, 12)
    means = b.reshape(2, 3, 2, 4, 3, 4).mean(axis=(3, 5))
    np.testing.assert_allclose(small(b), means.repeat(4, axis=2).repeat(4, axis=3))


def test_a_low_resolution_of_sides_that_4_does_not_divide() -> None:
    b = np.arange(6 * 5, dtype=np.float32).reshape(1, 1, 6, 5)
    a = small(b)
    assert a.shape == b.shape
    assert (a[0, 0, 4:, 4:] == b[0, 0, 4:, 4:].mean()).all()
    assert (a[0, 0, :4, :4] == b[0, 0, :4, :4].mean()).all()


@pytest.mark.parametrize("shape", [(28, 28), (9, 20), (20, 9)])
def test_a_mask_hides_one_square_within_the_image(shape: tuple[int, int]) -> None:
    b = np.full((400, 2, *shape), 0.5, np.float32)
    side = min(shape) // 2
    hidden = masked(b, keys(400)) == 0
    assert (hidden[:, 0] == hidden[:, 1]).all()
    assert (hidden[:, 0].any(axis=2).sum(axis=1) == side).all()
    assert (hidden[:, 0].any(axis=1).sum(axis=1) == side).all()
    assert (hidden[:, 0].sum(axis=(1, 2)) == side**2).all()
    tops = hidden[:, 0].any(axis=2).argmax(axis=1)
    assert set(tops.tolist()) == set(range(shape[0] - side + 1))


@pytest.mark.parametrize("prefix", PAIRS)
@pytest.mark.parametrize("shape", [(28, 28), (8, 13), (16, 9, 3)])
def test_a_pair_depends_on_its_image_alone(prefix: str, shape: tuple[int, ...]) -> None:
    pairs = PairData(prefix, small_set(shape))
    a, b = pairs.batch()
    assert (len(pairs), pairs.kind, pairs.name) == (12, "pairs", f"{prefix}:mine")
    assert (a.shape[1:], b.shape[1:]) == (pairs.source_shape, pairs.shape)
    for array in (a, b):
        assert array.dtype == np.float32
        assert -1 <= array.min() <= array.max() <= 1
    for indices in (np.array([5, 2, 5]), slice(3, 9, 2), np.array([-1])):
        some_a, some_b = pairs.batch(indices)
        np.testing.assert_array_equal(some_a, a[indices])
        np.testing.assert_array_equal(some_b, b[indices])
    np.testing.assert_array_equal(b, pairs.images.train())
    test_a, test_b = pairs.test()
    np.testing.assert_array_equal(test_b, b[::-1])
    np.testing.assert_array_equal(pairs.test(np.array([3]))[0], test_a[[3]])


def test_a_test_pair_has_another_noise_than_the_training_pair_of_its_number() -> None:
    pixels = np.zeros((3, 28, 28), np.uint8)
    pairs = PairData("noisy", image_data("black", pixels, None, pixels))
    assert not np.array_equal(pairs.batch()[0], pairs.test()[0])


def test_the_digest_depends_on_the_images_and_the_maker() -> None:
    digests = {PairData(prefix, data).digest() for prefix in PAIRS for data in (DIGITS, small_set((8, 8)))}
    assert len(digests) == 2 * len(PAIRS)
    assert PairData("edges", DIGITS).digest() == PairData("edges", load_mnist5k()).digest()


def test_labels_are_those_of_the_images() -> None:
    pairs = PairData("edges", DIGITS)
    assert pairs.labels is DIGITS.labels
    assert pairs.test_labels is DIGITS.test_labels
    assert pairs.classes == 10
    unlabelled = PairData("edges", small_set((8, 8), labels=False))
    assert (len(unlabelled.labels), unlabelled.test()[0].shape) == (0, (0, 1, 8, 8))


def test_a_maker_leaves_the_images_as_they_are() -> None:
    for prefix in PAIRS:
        images = small_set((8, 8))
        before = images.images.copy()
        PairData(prefix, images).batch()
        np.testing.assert_array_equal(images.images, before)
