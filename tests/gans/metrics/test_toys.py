"""Mode coverage on mixtures, against the definitions and what perfect and collapsed samples must score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import mode_coverage

GRID = np.array([(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)], dtype=np.float32)


def test_perfect_samples_of_the_grid() -> None:
    rng = np.random.default_rng(0)
    samples = GRID[rng.integers(0, 25, 20_000)] + 0.05 * rng.standard_normal((20_000, 2))
    scores = mode_coverage(samples, GRID, 0.05)
    assert (scores.covered, scores.modes, scores.samples) == (25, 25, 20_000)
    assert scores.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.003)
    assert scores.reverse_kl == pytest.approx(0, abs=0.002)


def test_collapse_to_some_modes() -> None:
    samples = np.repeat(GRID[:5], 10, axis=0)
    scores = mode_coverage(samples, GRID, 0.05)
    assert scores.covered == 5
    assert scores.high_quality == 1
    assert scores.reverse_kl == pytest.approx(math.log(25 / 5))
    np.testing.assert_array_equal(scores.counts, [10] * 5 + [0] * 20)


def test_reverse_kl_of_uneven_modes_counts_only_high_quality_points() -> None:
    modes = np.array([[0.0], [10.0]])
    samples = np.array([0.0] * 3 + [10.0] + [4.0] * 50)[:, None]
    scores = mode_coverage(samples, modes, 1.0)
    assert scores.high_quality == pytest.approx(4 / 54)
    assert scores.reverse_kl == pytest.approx(0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5))


def test_the_border_is_three_standard_deviations_of_the_nearest_mode() -> None:
    modes = np.array([[0.0, 0.0], [100.0, 0.0]])
    samples = np.array([[0.0, 2.9], [0.0, 3.0], [100.0, 5.9], [100.0, 6.1]])
    assert mode_coverage(samples, modes, [1.0, 2.0]).counts.tolist() == [1, 1]
    assert mode_coverage(samples, modes, [1.0, 2.0], within=4).counts.tolist() == [2, 2]


def test_no_high_quality_point_leaves_the_divergence_undefined() -> None:
    scores = mode_coverage(np.ones((10, 2)), GRID, 0.01)
    assert (scores.covered, scores.high_quality, scores.reverse_kl) == (0, 0.0, None)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_agrees_with_the_definition_point_by_point(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    modes, samples = rng.standard_normal((k, 2)), rng.standard_normal((40, 2))
    counts, good = [0] * k, 0
    for point in samples:
        distances = [math.dist(point, mode) for mode in modes]
        if min(distances) < 0.6:
            good += 1
            counts[distances.index(min(distances))] += 1
    scores = mode_coverage(samples, modes, 0.2)
    assert scores.counts.tolist() == counts
    assert scores.high_quality == good / 40
    assert scores.covered == sum(count > 0 for count in counts)


def test_errors() -> None:
    with pytest.raises(ValueError, match="std must be a positive number or 25"):
        mode_coverage(np.zeros((3, 2)), GRID, 0.0)
    with pytest.raises(ValueError, match="std must be a positive number or 25"):
        mode_coverage(np.zeros((3, 2)), GRID, [1.0, 2.0])
    with pytest.raises(ValueError, match="samples has 3 columns, modes has 2"):
        mode_coverage(np.zeros((3, 3)), GRID, 0.1)
