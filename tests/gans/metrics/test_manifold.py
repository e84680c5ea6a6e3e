"""Precision, recall, density and coverage: brute force, what each one sees, duplicates, identical sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import ManifoldScores, manifold_scores


def brute_force(real: np.ndarray, fake: np.ndarray, k: int) -> ManifoldScores:
    """The definitions, one pair at a time."""

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.square(a.astype(np.float64) - b.astype(np.float64)).sum())

    def radius(i: int, points: np.ndarray) -> float:
        return sorted(distance(points[i], points[j]) for j in range(len(points)) if j != i)[k - 1]

    real_radii = [radius(i, real) for i in range(len(real))]
    fake_radii = [radius(j, fake) for j in range(len(fake))]
    hits = np.array([[distance(x, y) <= r for y in fake] for x, r in zip(real, real_radii, strict=True)])
    back = np.array([[distance(x, y) <= r for x in real] for y, r in zip(fake, fake_radii, strict=True)])
    return ManifoldScores(
        hits.any(axis=0).mean(),
        back.any(axis=0).mean(),
        hits.sum() / (k * len(fake)),
        hits.any(axis=1).mean(),
        k,
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(5, 14), st.integers(5, 14)),
    k=st.integers(1, 4),
    dtype=st.sampled_from([np.float32, np.float64]),
    grid=st.booleans(),
)
def test_agrees_with_the_definitions(
    seed: int, sizes: tuple[int, int], k: int, dtype: type, grid: bool
) -> None:
    rng = np.random.default_rng(seed)
    draw = (lambda n: rng.integers(0, 3, (n, 2))) if grid else (lambda n: rng.standard_normal((n, 3)))
    real, fake = draw(sizes[0]).astype(dtype), draw(sizes[1]).astype(dtype)
    assert manifold_scores(real, fake, k) == brute_force(real, fake, k)


def test_two_samples_of_one_distribution_reach_the_published_expectations() -> None:
    rng = np.random.default_rng(0)
    scores = manifold_scores(rng.standard_normal((2000, 8)), rng.standard_normal((2000, 8)))
    assert scores.density == pytest.approx(1.0, abs=0.05)
    assert scores.coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert min(scores.precision, scores.recall) > 0.8


def test_identical_sets() -> None:
    points = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    scores = manifold_scores(points, points[::-1], k=5)
    assert (scores.precision, scores.recall, scores.coverage) == (1, 1, 1)
    assert scores.density == pytest.approx(6 / 5)  # each ball holds its centre and k neighbours


def test_dropped_modes_lower_recall_and_coverage_but_not_precision() -> None:
    rng = np.random.default_rng(0)
    modes = 10 * rng.standard_normal((4, 8))
    real = modes[np.arange(800) % 4] + rng.standard_normal((800, 8))
    full = modes[np.arange(800) % 4] + rng.standard_normal((800, 8))
    dropped = modes[np.arange(800) % 2] + rng.standard_normal((800, 8))
    all_modes, half = manifold_scores(real, full), manifold_scores(real, dropped)
    assert half.precision > 0.8
    assert half.recall < 0.55
    assert half.coverage < 0.55
    assert all_modes.recall > 0.8
    assert all_modes.coverage > 0.9


def test_noise_lowers_precision_and_density() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((500, 8)), rng.standard_normal((500, 8))
    noisy = np.where(np.arange(500)[:, None] < 250, fake, fake + 50)
    clean, bad = manifold_scores(real, fake), manifold_scores(real, noisy)
    assert bad.precision == pytest.approx(clean.precision / 2, abs=0.05)
    assert bad.density == pytest.approx(clean.density / 2, abs=0.1)


def test_a_collapsed_set_covers_nothing_and_duplicates_count() -> None:
    rng = np.random.default_rng(0)
    real = rng.standard_normal((300, 8)).astype(np.float32)
    collapsed = np.repeat(real[:1], 300, axis=0)
    scores = manifold_scores(real, collapsed)
    assert scores.precision == 1
    assert scores.recall == pytest.approx(1 / 300)  # the one real point that the zero-radius balls hold
    assert scores.coverage < 0.2
    same = np.ones((10, 3), dtype=np.float32) / 3
    assert manifold_scores(same, same, k=2) == ManifoldScores(1.0, 1.0, 5.0, 1.0, 2)


@given(seed=st.integers(0, 2**32 - 1))
def test_order_translation_and_scale_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    real, fake = rng.integers(0, 9, (20, 3)).astype(float), rng.integers(0, 9, (15, 3)).astype(float)
    moved = manifold_scores(4 * rng.permutation(real) + 7, 4 * rng.permutation(fake) + 7, k=3)
    assert moved == manifold_scores(real, fake, k=3)


def test_errors() -> None:
    points = np.zeros((6, 2))
    with pytest.raises(ValueError, match="fake has 5 samples; at least 6"):
        manifold_scores(points, points[:5])
    with pytest.raises(ValueError, match="k must be at least 1"):
        manifold_scores(points, points, 0)
