"""The best one-to-one map from categories to classes."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from gans.metrics.matching import best_match, matched_share


@pytest.mark.parametrize("seed", range(5))
def test_the_map_is_the_best_of_all(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 9, (5, 5))
    match = best_match(counts)
    assert sorted(match) == list(range(5))
    best = max(sum(counts[i, j] for i, j in enumerate(order)) for order in permutations(range(5)))
    assert sum(counts[i, j] for i, j in enumerate(match)) == best


def test_more_categories_than_classes_leave_some_without() -> None:
    assert best_match([[1, 0], [9, 2], [3, 4], [0, 3]]).tolist() == [-1, 0, 1, -1]


def test_fewer_categories_than_classes() -> None:
    assert best_match([[0, 3, 5], [0, 0, 6]]).tolist() == [1, 2]


def test_no_table() -> None:
    with pytest.raises(ValueError, match="at most 16 classes"):
        best_match([1, 2])


def test_the_share_is_of_the_half_on_which_the_map_was_not_chosen() -> None:
    """A map that is right by chance in the first half alone scores as chance in the second."""
    rng = np.random.default_rng(0)
    categories, classes = rng.integers(0, 10, 4000), rng.integers(0, 10, 4000)
    assert matched_share(categories, classes, 10) == pytest.approx(0.1, abs=0.03)
    assert matched_share(categories, (categories + 3) % 10, 10) == 1
    turned = np.concatenate([categories[:2000], (categories[2000:] + 1) % 10])
    assert matched_share(categories, turned, 10) == 0


def test_two_categories_of_one_class_count_once() -> None:
    categories = np.arange(4000) % 10
    assert matched_share(categories, np.minimum(categories, 8), 10) == pytest.approx(0.9)
