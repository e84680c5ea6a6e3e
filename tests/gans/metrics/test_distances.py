"""Blocked distances against brute force: exact zeros, no negative squares, closed balls, bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import distances
from gans.metrics.distances import ball_hits, nearest, squared_differences, squared_distance_blocks


def brute_force(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.square(x[:, None].astype(np.float64) - y[None].astype(np.float64)).sum(axis=2)


seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> object:
    """Blocks of a few rows, so that every test crosses block borders."""
    patch = pytest.MonkeyPatch()
    patch.setattr(distances, "BLOCK_ELEMENTS", 64)
    yield
    patch.undo()


@given(seed=seeds, dtype=dtypes, offset=st.sampled_from([0.0, 1.0, 1000.0]), d=st.integers(1, 20))
def test_blocks_lie_within_their_error_and_are_never_negative(
    seed: int, dtype: type, offset: float, d: int
) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((13, d)) + offset).astype(dtype)
    y = np.concatenate([x[:5], (rng.standard_normal((12, d)) + offset).astype(dtype)])
    exact = brute_force(x, y)
    covered = np.zeros(len(x), dtype=int)
    for rows, block, error in squared_distance_blocks(x, y):
        covered[rows] += 1
        assert (block >= 0).all()
        assert (np.abs(block - exact[rows]) <= error).all()
    assert (covered == 1).all()


@given(seed=seeds, dtype=dtypes, k=st.integers(1, 6), same=st.booleans(), grid=st.booleans())
def test_nearest_agrees_with_brute_force(seed: int, dtype: type, k: int, same: bool, grid: bool) -> None:
    rng = np.random.default_rng(seed)
    # points on a coarse grid have many ties and exact duplicates
    draw = (lambda n: rng.integers(0, 3, (n, 2))) if grid else (lambda n: rng.standard_normal((n, 5)))
    points = draw(30).astype(dtype)
    queries = points if same else draw(9).astype(dtype)
    exact = brute_force(queries, points)
    if same:
        np.fill_diagonal(exact, np.inf)
    found, index = nearest(queries, points, k, same_set=same)
    np.testing.assert_array_equal(found, np.sort(exact, axis=1)[:, :k])
    np.testing.assert_array_equal(np.take_along_axis(exact, index, axis=1), found)
    assert all(len(set(row)) == k for row in index.tolist())


def test_a_copy_is_at_distance_exactly_zero_far_from_the_origin() -> None:
    rng = np.random.default_rng(0)
    training = (rng.random((50, 784)) * 2 - 1).astype(np.float32) + np.float32(100)
    found, index = nearest(training[[7, 31]], training)
    np.testing.assert_array_equal(found, 0)
    np.testing.assert_array_equal(index[:, 0], [7, 31])


def test_close_pairs_that_the_product_form_cannot_tell_apart() -> None:
    cluster = (1000 + np.arange(10) * 1e-3).astype(np.float32)[:, None]
    far = np.full((1, 1), -5000, dtype=np.float32)
    found, index = nearest(cluster, np.concatenate([cluster, far]), 2)
    np.testing.assert_array_equal(found[:, 0], 0)
    assert (np.abs(index[:, 1] - np.arange(10)) == 1).all()


@given(seed=seeds, dtype=dtypes, grid=st.booleans())
def test_ball_hits_agree_with_brute_force_on_the_spheres_too(seed: int, dtype: type, grid: bool) -> None:
    rng = np.random.default_rng(seed)
    draw = (lambda n: rng.integers(0, 4, (n, 2))) if grid else (lambda n: rng.standard_normal((n, 3)))
    centres, queries = draw(17).astype(dtype), draw(23).astype(dtype)
    # every radius is the exact distance to some query, so that each ball has a query on its sphere
    radii = squared_differences(centres, queries[rng.integers(0, len(queries), len(centres))])
    inside = brute_force(centres, queries) <= radii[:, None]
    holding, held = ball_hits(centres, radii, queries)
    np.testing.assert_array_equal(holding, inside.sum(axis=0))
    np.testing.assert_array_equal(held, inside.sum(axis=1))


def test_memory_does_not_grow_with_the_number_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "BLOCK_ELEMENTS", 1 << 15)
    points = np.random.default_rng(0).standard_normal((3000, 4))
    tracemalloc.start()
    try:
        squared, _ = nearest(points, points, 5, same_set=True)
        ball_hits(points, squared[:, -1], points)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(points) ** 2 / 8  # an eighth of all pairs in double precision


def test_errors() -> None:
    points = np.zeros((4, 2))
    with pytest.raises(ValueError, match="k must be between 1 and 4"):
        nearest(points, points, 5)
    with pytest.raises(ValueError, match="k must be between 1 and 3"):
        nearest(points, points, 4, same_set=True)
    with pytest.raises(ValueError, match="equal sets"):
        nearest(points[:2], points, 1, same_set=True)
