"""Interpolation, arithmetic and traversal: each sample is G of the z that the numbers say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gans.errors import UserError
from gans.plotting import Trained, draw
from gans.plotting.interpolation import between
from tests.gans.plotting.runs import trained


def generated(trained: Trained, z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """G of z (n, latent), one row after the other, in evaluation mode."""
    system: Any = trained.system
    with system.evaluating():
        rows = [system.generator(trained.tensor(row[None])).numpy()[0] for row in z]
    return np.stack(rows)


@pytest.fixture
def points(tmp_path: Path) -> Trained:
    return trained("gan", "points", tmp_path)


@pytest.fixture
def images(tmp_path: Path) -> Trained:
    return trained("dcgan", "image", tmp_path)


@pytest.mark.parametrize("path", ["spherical", "linear"])
@pytest.mark.parametrize("of", ["points", "images"])
def test_an_interpolation_begins_and_ends_at_samples(
    of: str, path: str, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(of)
    numbers = draw(run, "interpolation", {"n": 3, "frames": 5, "path": path, "seed": 4}).numbers
    ends = run.latents(6, run.rng(4))
    assert np.array_equal(numbers["z"][:, 0], ends[:3])
    assert np.array_equal(numbers["z"][:, -1], ends[3:])
    for row in range(3):
        expected = generated(run, numbers["z"][row])
        np.testing.assert_allclose(numbers["samples"][row], expected, rtol=1e-4, atol=1e-6)


def test_a_spherical_path_keeps_the_norm_and_turns_evenly() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 50))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    t = np.linspace(0, 1, 11)
    path = between(a, b, t)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(a), rtol=1e-12)
    turns = np.sum(path[1:] * path[:-1], axis=1) / np.dot(a, a)
    np.testing.assert_allclose(turns, turns[0], rtol=1e-12)
    assert np.linalg.norm(between(a, b, t, "linear")[5]) < 0.9 * np.linalg.norm(a)


def test_a_spherical_path_between_unequal_norms_changes_the_norm_evenly() -> None:
    a, b = np.array([1.0, 0.0, 0.0]), np.array([0.0, 3.0, 0.0])
    path = between(a, b, np.linspace(0, 1, 5))
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), [1, 1.5, 2, 2.5, 3], rtol=1e-12)


@pytest.mark.parametrize(
    ("a", "b"), [([1.0, 0.0], [2.0, 0.0]), ([1.0, 0.0], [-1.0, 0.0]), ([0.0, 0.0], [1.0, 1.0])]
)
def test_vectors_on_one_line_have_the_straight_path(a: list[float], b: list[float]) -> None:
    start, end = np.array(a), np.array(b)
    np.testing.assert_allclose(between(start, end, np.array([0.0, 0.5, 1.0]))[1], (start + end) / 2)


def test_a_uniform_prior_has_straight_paths_unless_said(tmp_path: Path) -> None:
    run = trained("gan", "points", tmp_path, prior="uniform")
    z = draw(run, "interpolation", {"n": 2, "frames": 3}).numbers["z"]
    np.testing.assert_allclose(z[:, 1], (z[:, 0] + z[:, 2]) / 2)


def test_arithmetic_is_that_of_means_of_three(images: Trained) -> None:
    numbers = draw(images, "arithmetic", {"n": 2}).numbers
    z, sums = numbers["z"], numbers["sums"]
    assert np.array_equal(z.reshape(18, -1), images.latents(18, images.rng(0)))
    for row in range(2):
        a, b, c = ((z[row, k, 0] + z[row, k, 1] + z[row, k, 2]) / 3 for k in range(3))
        np.testing.assert_allclose(sums[row], a - b + c)
        expected = generated(images, np.stack([*z[row, 0], a, *z[row, 1], b, *z[row, 2], c, a - b + c]))
        np.testing.assert_allclose(numbers["samples"][row], expected, rtol=1e-4, atol=1e-6)


def test_arithmetic_with_classes_needs_three_digits_and_images_of_them(images: Trained) -> None:
    with pytest.raises(UserError, match="must be three digits"):
        draw(images, "arithmetic", {"classes": [1, 2]})
    with pytest.raises(UserError, match="28 x 28"):
        draw(images, "arithmetic", {"classes": [1, 2, 3]})


def test_a_traversal_moves_one_axis_and_measures_all(images: Trained) -> None:
    numbers = draw(images, "traversal", {"n": 2, "frames": 3}).numbers
    z, changes = numbers["z"], numbers["changes"]
    drawn = images.rng(0)
    assert np.array_equal(images.latents(1, drawn)[0], z)
    ends = np.quantile(images.latents(2_000, drawn), [0.025, 0.975], axis=0)
    for axis in range(len(z)):
        both = np.stack([z, z])
        both[:, axis] = ends[:, axis]
        low, high = generated(images, both)
        assert changes[axis] == pytest.approx(np.sqrt(np.mean((high - low) ** 2)), rel=1e-3)
    assert list(numbers["axes"]) == sorted(range(len(z)), key=lambda axis: -changes[axis])[:2]
    for row, axis in enumerate(numbers["axes"]):
        moved = np.stack([z] * 3)
        moved[:, axis] = numbers["values"][row]
        np.testing.assert_allclose(numbers["samples"][row], generated(images, moved), rtol=1e-4, atol=1e-6)


def test_the_axes_may_be_named(points: Trained) -> None:
    assert list(draw(points, "traversal", {"axes": [1]}).numbers["axes"]) == [1]
    with pytest.raises(UserError, match="from 0 to 3, got \\[4\\]"):
        draw(points, "traversal", {"axes": [4]})


def test_the_codes_of_infogan_are_the_first_axes(tmp_path: Path) -> None:
    run = trained("infogan", "image", tmp_path)
    system: Any = run.system
    codes = system.settings.codes
    numbers = draw(run, "traversal", {"axes": [0], "frames": 3}).numbers
    z, values = numbers["z"].astype(np.float32), numbers["values"][0]
    with system.evaluating():
        for value, sample in zip(values, numbers["samples"][0], strict=True):
            code = z[None, :codes].copy()
            code[0, 0] = value
            category = run.tensor(np.zeros(1)).astype(np.int64)
            image = system.images(run.tensor(z[None, codes:]), category, run.tensor(code)).numpy()[0]
            np.testing.assert_allclose(sample, image, rtol=1e-4, atol=1e-6)
    assert -1 < values[0] < -0.9


@pytest.mark.parametrize(("option", "value"), [("frames", 1), ("path", "round"), ("n", 0), ("n", 5_000)])
def test_options_out_of_range_are_refused(points: Trained, option: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"`{option}` must be"):
        draw(points, "interpolation", {option: value})
