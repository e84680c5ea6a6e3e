"""K-means on points that are easy to part, on few points, and the clusters of each class."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gans.systems.clusters import Clusters, k_means

MIDDLES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
SIZES = (40, 30, 20, 10)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def four_groups() -> np.ndarray:
    points = [middle + rng(n).uniform(-1, 1, (n, 2)) for middle, n in zip(MIDDLES, SIZES, strict=True)]
    return rng().permutation(np.concatenate(points))


def plain(points: np.ndarray, centres: np.ndarray, rounds: int = 50) -> np.ndarray:
    """Lloyd's two steps, point by point."""
    for _ in range(rounds):
        groups: list[list[np.ndarray]] = [[] for _ in centres]
        for point in points:
            groups[int(np.argmin([((point - c) ** 2).sum() for c in centres]))].append(point)
        centres = np.array([np.mean(group, axis=0) for group in groups])
    return centres


@pytest.mark.parametrize("seed", range(8))
def test_separable_points_fall_into_their_groups(seed: int) -> None:
    """From any first centres; a plain implementation that begins in the groups agrees."""
    points = four_groups()
    centres, counts = k_means(points, 4, rng(seed))
    assert counts.tolist() == list(SIZES)
    np.testing.assert_allclose(centres, plain(points, MIDDLES), atol=1e-12)


def test_a_centre_without_points_moves_to_the_farthest_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """All first centres but one far from all points: three are empty in the first round."""
    far = np.array([[0.0, 0.0], [900.0, 0.0], [900.0, 1.0], [900.0, 2.0]])
    monkeypatch.setattr("gans.systems.clusters._begun", lambda *_: far.copy())
    points = four_groups()
    centres, counts = k_means(points, 4, rng())
    assert counts.min() > 0
    assert counts.sum() == len(points)
    assert np.abs(centres).max() < 12


def test_fewer_different_points_than_clusters_leave_the_last_ones_empty() -> None:
    points = np.repeat([[1.0], [5.0]], [3, 2], axis=0)
    centres, counts = k_means(points, 4, rng())
    assert counts.tolist() == [3, 2, 0, 0]
    assert centres[:2].tolist() == [[1.0], [5.0]]
    centres, counts = k_means(np.ones((1, 3)), 10, rng())
    assert counts.tolist() == [1] + [0] * 9
    assert np.isfinite(centres).all()
    with pytest.raises(ValueError, match=r"points .* got \(0, 2\)"):
        k_means(np.empty((0, 2)), 2, rng())


def filled() -> Clusters:
    """Two clusters of class 0, one of class 2, none of class 1."""
    clusters = Clusters(3, 4, 1)
    features = np.float32([[1.0], [1.0], [7.0], [-3.0]])
    clusters.fit(features, np.array([0, 0, 0, 2]), rng())
    return clusters


def test_a_style_is_a_cluster_of_the_class_and_never_an_empty_one() -> None:
    clusters = filled()
    assert clusters.counts.numpy().tolist() == [[2, 1, 0, 0], [0] * 4, [1, 0, 0, 0]]
    styles = np.arange(4)
    found = [clusters.features(np.full(4, label), styles)[:, 0].tolist() for label in range(3)]
    assert found == [[1.0, 7.0, 1.0, 7.0], [0.0] * 4, [-3.0] * 4]


def test_clusters_are_a_part_of_the_checkpoint(tmp_path: object) -> None:
    file = f"{tmp_path}/clusters.safetensors"
    clusters, fresh = filled(), Clusters(3, 4, 1)
    mg.save(file, clusters.state_dict())
    fresh.load_state_dict(mg.load(file))
    assert np.array_equal(fresh.centres.numpy(), clusters.centres.numpy())
    assert np.array_equal(fresh.counts.numpy(), clusters.counts.numpy())
    assert fresh.centres.numpy().any()


def test_new_clusters_take_the_place_of_old_ones() -> None:
    clusters = filled()
    clusters.fit(np.float32([[4.0]]), np.array([1]), rng())
    assert clusters.counts.numpy().tolist() == [[0] * 4, [1, 0, 0, 0], [0] * 4]
