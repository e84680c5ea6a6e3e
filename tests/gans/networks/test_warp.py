"""Warped images: a map of their own for each, whatever the batch, with a gradient."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gans.networks import warp as module
from gans.networks.warp import warp


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def only(monkeypatch: pytest.MonkeyPatch, **amounts: float) -> None:
    """Set the largest amounts that are named, and all others to 0."""
    for name in ("ANGLE", "SHEAR", "SCALE", "SHIFT"):
        monkeypatch.setattr(module, name, amounts.get(name, 0.0))


def spot(row: int, column: int, n: int = 64) -> mg.Tensor:
    """n images (1, 9, 9), black but for one white pixel."""
    images = np.full((n, 1, 9, 9), -1, np.float32)
    images[:, :, row, column] = 1
    return mg.Tensor(images)


def centres(images: mg.Tensor) -> np.ndarray:
    """The mean place (row, column) of the light of each image, from the middle."""
    light = images.numpy()[:, 0] + 1
    mass = light.sum(axis=(1, 2))
    places = np.arange(9) - 4
    return np.stack([(light.sum(axis=2) @ places) / mass, (light.sum(axis=1) @ places) / mass], axis=1)


def test_without_any_amount_images_stay() -> None:
    images = mg.Tensor(rng().uniform(-1, 1, (3, 2, 8, 11)).astype(np.float32))
    np.testing.assert_allclose(warp(images, 0.0, rng()).numpy(), images.numpy(), atol=1e-5)


def test_a_shift_moves_each_image_by_an_amount_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, SHIFT=0.5)
    moved = centres(warp(spot(4, 4), 1.0, rng()))
    assert np.abs(moved).max() == pytest.approx(2, abs=0.1)  # half of 4 pixels
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=0.4)
    assert moved.std(axis=0) == pytest.approx([2 / np.sqrt(3)] * 2, abs=0.25)


def test_a_turn_keeps_the_distance_from_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, ANGLE=np.pi)
    moved = centres(warp(spot(4, 7), 1.0, rng()))
    assert np.hypot(*moved.T) == pytest.approx(3, abs=0.4)
    assert moved.min() < -2.5
    assert moved.max() > 2.5


def test_a_slant_moves_rows_to_the_side_and_a_scale_moves_pixels_in_and_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, SHEAR=0.5)
    moved = centres(warp(spot(1, 4), 1.0, rng()))
    assert moved[:, 0] == pytest.approx(-3, abs=1e-4)
    assert np.abs(moved[:, 1]).max() == pytest.approx(1.5, abs=0.1)
    only(monkeypatch, SCALE=0.2)
    moved = centres(warp(spot(4, 6), 1.0, rng()))
    assert moved[:, 0] == pytest.approx(0, abs=1e-4)
    assert 2 / 1.2 - 0.1 < moved[:, 1].min() < 1.8 < 2.2 < moved[:, 1].max() < 2 / 0.8 + 0.1


def test_what_comes_from_outside_is_black(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, SHIFT=0.5)
    white = mg.Tensor(np.ones((32, 1, 9, 9), np.float32))
    warped = warp(white, 1.0, rng()).numpy()
    assert warped.min() == pytest.approx(-1, abs=1e-6)
    assert warped[:, 0, 4, 4] == pytest.approx(1, abs=1e-5)


def test_the_gradient_is_that_of_the_interpolation() -> None:
    images = rng(1).uniform(-1, 1, (2, 2, 5, 6))
    weights = rng(2).normal(size=images.shape)

    def value(x: np.ndarray) -> mg.Tensor:
        return mg.ops.sum(warp(mg.Tensor(x), 1.0, rng(3)) * mg.Tensor(weights))

    x = mg.Tensor(images)
    loss = mg.ops.sum(warp(x, 1.0, rng(3)) * mg.Tensor(weights))
    (slope,) = mg.grad(loss, [x])
    step = rng(4).normal(size=images.shape)
    ahead, behind = value(images + 1e-4 * step), value(images - 1e-4 * step)
    assert (ahead.item() - behind.item()) / 2e-4 == pytest.approx(
        float((slope.numpy() * step).sum()), rel=1e-6
    )
