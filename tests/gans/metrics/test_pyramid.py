"""The distance of patches at each scale: 0 for equal sets, and larger for what lacks a scale."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gans.data import ImageData, load
from gans.metrics.pyramid import pyramid_wasserstein


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    images = data.train()
    return images[:600], images[600:1200]


def test_equal_sets_have_no_distance_and_real_ones_a_small_one(
    digits: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    first, second = digits
    assert pyramid_wasserstein(first, first) == 0
    floor = pyramid_wasserstein(first, second)
    assert 0 < floor < 0.04
    assert floor == pytest.approx(pyramid_wasserstein(second, first))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x[:, :, ::2, ::2].repeat(2, 2).repeat(2, 3),
        lambda x: (x + np.roll(x, 1, 2) + np.roll(x, 1, 3) + np.roll(x, (1, 1), (2, 3))) / 4,
        lambda x: x + 0.3 * np.random.default_rng(0).standard_normal(x.shape),
        lambda x: np.roll(x, 5, 3),
    ],
)
def test_what_lacks_a_scale_is_farther_away(
    digits: tuple[NDArray[np.float32], NDArray[np.float32]], wrong: object
) -> None:
    first, second = digits
    assert callable(wrong)
    assert pyramid_wasserstein(wrong(first), second) > 1.5 * pyramid_wasserstein(first, second)


def test_contrast_of_a_whole_scale_is_not_compared(
    digits: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    first, second = digits
    expected = pyramid_wasserstein(first, second)
    assert pyramid_wasserstein(0.5 * first, second) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("shape", [(5, 1, 7, 7), (5, 3, 15, 28), (2, 1, 9, 64)])
def test_sides_may_be_odd_and_images_coloured(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    assert pyramid_wasserstein(x, x) == 0
    assert pyramid_wasserstein(x, x + np.arange(shape[-1])) > 0


@pytest.mark.parametrize("shape", [(5, 1, 6, 28), (5, 28, 28), (0, 1, 28, 28)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="7 pixels or more a side"):
        pyramid_wasserstein(np.zeros(shape), np.zeros(shape))
