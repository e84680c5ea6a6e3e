"""One-dimensional Wasserstein distances against SciPy, closed forms and numerical integration."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import sliced_wasserstein, wasserstein_1d, wasserstein_to_gaussian

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)


@given(x=values, y=values)
def test_agrees_with_scipy(x: list[float], y: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert wasserstein_1d(x, y) == pytest.approx(stats.wasserstein_distance(x, y), abs=1e-9)


@given(x=values, seed=st.integers(0, 2**32 - 1))
def test_equal_sizes_compare_sorted_values(x: list[float], seed: int) -> None:
    y = np.random.default_rng(seed).standard_normal(len(x)) * 100
    expected = np.abs(np.sort(x) - np.sort(y)).mean()
    assert wasserstein_1d(x, y) == pytest.approx(float(expected), abs=1e-9)
    assert wasserstein_1d(y, x) == pytest.approx(float(expected), abs=1e-9)
    assert wasserstein_1d(np.array(x)[:, None], x[::-1]) == 0


def test_repeating_values_and_shifting_have_exact_answers() -> None:
    x = np.array([0.0, 1.0, 5.0])
    assert wasserstein_1d(x, np.repeat(x, 4)) == 0
    assert wasserstein_1d(x, np.repeat(x, 2) + 3) == pytest.approx(3)
    assert wasserstein_1d([0.0], [1.0, 3.0]) == pytest.approx(2)


@given(x=st.lists(st.floats(-6, 6), min_size=1, max_size=6), mean=st.floats(-2, 2), std=st.floats(0.1, 3))
def test_distance_to_a_gaussian_agrees_with_integration(x: list[float], mean: float, std: float) -> None:
    grid = np.linspace(mean - 9 * std - 8, mean + 9 * std + 8, 20_001)
    theory = np.array([0.5 * math.erfc((mean - t) / (std * math.sqrt(2))) for t in grid])
    empirical = np.searchsorted(np.sort(x), grid, side="right") / len(x)
    integral = float(np.trapezoid(np.abs(empirical - theory), grid))
    assert wasserstein_to_gaussian(x, mean, std) == pytest.approx(integral, abs=5e-3)


def test_distance_to_a_gaussian_has_known_values() -> None:
    assert wasserstein_to_gaussian([0.0]) == pytest.approx(math.sqrt(2 / math.pi))
    assert wasserstein_to_gaussian([50.0], mean=3.0, std=2.0) == pytest.approx(47.0)
    assert wasserstein_to_gaussian([-1e6]) == pytest.approx(1e6)
    quantiles = [NormalDist().inv_cdf((i + 0.5) / 2000) for i in range(2000)]
    assert wasserstein_to_gaussian(quantiles) < 2e-3


def test_sliced_distance() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 3))
    assert sliced_wasserstein(x, x[::-1]) == pytest.approx(0, abs=1e-12)
    assert sliced_wasserstein(x[:, :1], x[:, 1:2]) == wasserstein_1d(x[:, 0], x[:, 1])
    shift = sliced_wasserstein(x, x + np.array([4.0, 0.0, 0.0]), directions=2000)
    assert shift == pytest.approx(2.0, rel=0.05)  # the mean of |u_1| over the sphere in 3-D is 1/2
    assert sliced_wasserstein(x, x + 1, seed=1) == sliced_wasserstein(x, x + 1, seed=1)


def test_errors() -> None:
    with pytest.raises(ValueError, match="y has 0 values"):
        wasserstein_1d([1.0], [])
    with pytest.raises(ValueError, match="NaN or infinity"):
        wasserstein_1d([1.0], [math.nan])
    with pytest.raises(ValueError, match=r"must have shape \(n,\)"):
        wasserstein_1d(np.zeros((2, 2)), [1.0])
    with pytest.raises(ValueError, match="std positive"):
        wasserstein_to_gaussian([1.0], std=0.0)
    with pytest.raises(ValueError, match="directions"):
        sliced_wasserstein(np.zeros((2, 2)), np.zeros((2, 2)), directions=0)
