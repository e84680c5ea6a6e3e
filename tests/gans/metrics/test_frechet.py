"""The Frechet distance: known Gaussians, invariances, singular covariances, and a complex-valued oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import Gaussian, fit_gaussian, frechet_between, frechet_distance, frechet_floor


def gaussian(mean: list[float], covariance: np.ndarray) -> Gaussian:
    return Gaussian(np.array(mean), covariance, samples=100)


def random_rotation(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def test_one_dimension_has_the_closed_form() -> None:
    a, b = gaussian([1.0], np.array([[4.0]])), gaussian([-2.0], np.array([[0.25]]))
    assert frechet_between(a, b) == pytest.approx(3.0**2 + (2.0 - 0.5) ** 2)


def test_commuting_covariances_add_up_over_axes() -> None:
    a = gaussian([0.0, 1.0, 2.0], np.diag([1.0, 4.0, 9.0]))
    b = gaussian([0.5, 1.0, 0.0], np.diag([16.0, 4.0, 0.0]))
    assert frechet_between(a, b) == pytest.approx(0.25 + 4.0 + (1 - 4) ** 2 + 0 + 3**2)


def test_samples_of_known_gaussians_give_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200_000, 2))
    y = rng.standard_normal((200_000, 2)) * [2.0, 1.0] + [0.0, 3.0]
    assert frechet_distance(x, y) == pytest.approx(9.0 + 1.0, rel=0.02)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(1, 8))
def test_agrees_with_the_general_matrix_square_root(seed: int, d: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((d, d + 2)), rng.standard_normal((d, d + 2))
    a = gaussian(list(rng.standard_normal(d)), first @ first.T)
    b = gaussian(list(rng.standard_normal(d)), second @ second.T)
    root = linalg.sqrtm(a.covariance @ b.covariance)
    spread = np.trace(a.covariance + b.covariance - 2 * root.real)
    assert frechet_between(a, b) == pytest.approx(float(np.sum((a.mean - b.mean) ** 2) + spread), abs=1e-7)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(2, 6), rank=st.integers(1, 5))
def test_singular_covariances_are_exact(seed: int, d: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    rotation = random_rotation(rng, d)
    spread_a, spread_b = rng.uniform(0, 3, d), rng.uniform(0, 3, d)
    spread_a[rank:] = 0
    spread_b[: d - rank] = 0
    a = gaussian([0.0] * d, rotation * spread_a**2 @ rotation.T)
    b = gaussian([0.0] * d, rotation * spread_b**2 @ rotation.T)
    assert frechet_between(a, b) == pytest.approx(float(np.sum((spread_a - spread_b) ** 2)), abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(1, 6), scale=st.floats(0.01, 100))
def test_symmetry_zero_rotation_and_scale(seed: int, d: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((40, d)), rng.standard_normal((50, d)) @ rng.standard_normal((d, d)) + 1
    distance = frechet_distance(x, y)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(y, x) == pytest.approx(distance)
    rotation = random_rotation(rng, d) * scale
    assert frechet_distance(x @ rotation + 5, y @ rotation + 5) == pytest.approx(
        scale**2 * distance, rel=1e-6
    )


def test_constant_features_are_allowed() -> None:
    collapsed = np.ones((20, 4))
    spread = np.random.default_rng(0).standard_normal((1000, 4))
    expected = np.sum((1 - spread.mean(axis=0)) ** 2) + np.trace(np.cov(spread, rowvar=False))
    assert frechet_distance(collapsed, spread) == pytest.approx(float(expected), abs=1e-6)


def test_float32_features_are_fitted_in_double_precision() -> None:
    x = (np.random.default_rng(0).standard_normal((500, 3)) + 1000).astype(np.float32)
    fitted = fit_gaussian(x)
    np.testing.assert_allclose(fitted.covariance, np.cov(x.astype(np.float64), rowvar=False), rtol=1e-10)
    assert fitted.covariance.dtype == np.float64
    assert fitted.samples == 500


def test_floor_is_the_distance_of_real_samples() -> None:
    rng = np.random.default_rng(1)
    train, test = rng.standard_normal((4000, 8)), rng.standard_normal((1000, 8))
    floor = frechet_floor(train, test, samples=1000)
    assert floor == pytest.approx(frechet_distance(test, train))
    assert 0 < floor < 0.05
    assert frechet_floor(train, test, samples=100) > 3 * floor
    halves = frechet_floor(train, samples=2000, seed=3)
    assert halves == frechet_floor(train, samples=2000, seed=3)
    assert 0 < halves < 0.05


def test_errors_say_what_is_wrong() -> None:
    rng = np.random.default_rng(0)
    good = rng.standard_normal((20, 4))
    with pytest.raises(ValueError, match=r"x has 4 samples of 4 features; a covariance needs more than 4"):
        frechet_distance(good[:4], good)
    with pytest.raises(ValueError, match=r"x has 4 columns, y has 3"):
        frechet_distance(good, good[:, :3])
    with pytest.raises(ValueError, match=r"y must have shape \(n, d\)"):
        frechet_distance(good, good[0])
    with pytest.raises(ValueError, match=r"2 rows with NaN or infinity, the first is row 7"):
        frechet_distance(np.where(np.isin(np.arange(20), [7, 9])[:, None], np.nan, good), good)
    with pytest.raises(ValueError, match=r"30 samples needs as many held-out ones, got 20"):
        frechet_floor(good, good, samples=30)
    with pytest.raises(ValueError, match="dimensions"):
        frechet_between(fit_gaussian(good), fit_gaussian(good[:, :2]))
