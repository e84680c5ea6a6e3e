"""Sampled and moved images: interpolation between pixels, black outside, and a gradient in the places."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gans.networks.sampling import moved, sampled
from minigrad import gradcheck


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def constant_flow(right: float, down: float, n: int, h: int, w: int) -> mg.Tensor:
    return mg.Tensor(np.broadcast_to(np.array([right, down]).reshape(1, 2, 1, 1), (n, 2, h, w)).copy())


def shifted(images: np.ndarray, right: int, down: int) -> np.ndarray:
    """Images moved by whole pixels, black where nothing comes from."""
    h, w = images.shape[2:]
    moved = np.full_like(images, -1)
    rows, columns = np.arange(max(0, down), min(h, h + down)), np.arange(max(0, right), min(w, w + right))
    moved[:, :, rows[:, None], columns] = images[:, :, (rows - down)[:, None], columns - right]
    return moved


@pytest.mark.parametrize(("right", "down"), [(0, 0), (1, 0), (0, 2), (-2, 1), (3, -3), (9, 0)])
def test_a_constant_flow_is_a_shift(right: int, down: int) -> None:
    images = drawn(2, 3, 5, 6)
    found = moved(mg.Tensor(images), constant_flow(right, down, 2, 5, 6)).numpy()
    np.testing.assert_allclose(found, shifted(images, right, down), atol=1e-12)


def test_half_a_pixel_is_the_mean_of_both() -> None:
    images = drawn(2, 3, 5, 6)
    found = moved(mg.Tensor(images), constant_flow(0.5, 0, 2, 5, 6)).numpy()
    np.testing.assert_allclose(found, (images + shifted(images, 1, 0)) / 2, atol=1e-12)


def test_each_pixel_has_a_place_of_its_own() -> None:
    """Against the sum over all pixels with weights (1 - |x - j|) (1 - |y - i|), none of them negative."""
    images, x, y = drawn(3, 2, 4, 5), drawn(3, 4, 5, seed=1) * 5, drawn(3, 4, 5, seed=2) * 5
    across = np.maximum(0, 1 - np.abs(x[..., None] - np.arange(5)))
    down = np.maximum(0, 1 - np.abs(y[..., None] - np.arange(4)))
    expected = np.einsum("ncij,nhwi,nhwj->nchw", images + 1, down, across) - 1
    found = sampled(*(mg.Tensor(array) for array in (images, x, y))).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_gradient_is_that_of_the_interpolation() -> None:
    """In images and in places, also beyond the image."""
    images, x, y = drawn(2, 2, 4, 5), drawn(2, 4, 5, seed=1) * 4 + 1.3, drawn(2, 4, 5, seed=2) * 4 + 1.2
    gradcheck(sampled, [mg.Tensor(array) for array in (images, x, y)])


def test_a_pixel_that_does_not_move_has_the_slope_to_the_next() -> None:
    """Where the place is a pixel exactly, as with a flow of zero."""
    image = mg.tensor([[[[0.0, 0.25, 1.0]]]])
    x, y = mg.tensor([[[0.0, 1.0, 2.0]]]), mg.tensor([[[0.0, 0.0, 0.0]]])
    (slope,) = mg.grad(mg.ops.sum(sampled(image, x, y)), [x])
    assert slope.tolist() == [[[0.25, 0.75, -2.0]]]  # black, -1, follows the last
