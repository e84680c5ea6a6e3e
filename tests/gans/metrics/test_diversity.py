"""Entropy, effective classes and the classifier score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import class_histogram, classifier_score, effective_classes, entropy


def test_even_and_collapsed_labels() -> None:
    assert effective_classes(np.arange(1000) % 10, 10) == pytest.approx(10)
    assert effective_classes(np.full(50, 3), 10) == 1.0
    assert effective_classes(np.array([0, 0, 1, 1]), 10) == pytest.approx(2)
    np.testing.assert_array_equal(class_histogram(np.array([2, 0, 2]), 4), [1, 0, 2, 0])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(lambda counts: sum(counts) > 0))
def test_entropy_is_bounded_and_ignores_order_and_scale(counts: list[int]) -> None:
    h = entropy(counts)
    assert 0 <= h <= math.log(len(counts)) + 1e-12
    assert entropy(counts[::-1]) == pytest.approx(h)
    assert entropy([7 * count for count in counts]) == pytest.approx(h)
    assert entropy([*counts, 0]) == pytest.approx(h)


def test_classifier_score_at_its_ends() -> None:
    certain = np.eye(5)[np.arange(100) % 5]
    assert classifier_score(certain) == pytest.approx(5)
    assert classifier_score(np.eye(5)[np.zeros(100, dtype=int)]) == pytest.approx(1)
    assert classifier_score(np.full((100, 5), 0.2, dtype=np.float32)) == pytest.approx(1)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_classifier_score_is_entropy_of_the_mean_minus_mean_entropy(seed: int, k: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(k, 0.5), 30)
    expected = math.exp(entropy(p.mean(axis=0)) - np.mean([entropy(row) for row in p]))
    assert classifier_score(p) == pytest.approx(expected)


def test_errors() -> None:
    with pytest.raises(ValueError, match="label 10 found, but there are only 10 classes"):
        class_histogram(np.array([10]), 10)
    with pytest.raises(ValueError, match="negative class -1"):
        class_histogram(np.array([-1]), 10)
    with pytest.raises(ValueError, match="must be integers"):
        class_histogram(np.array([0.5]), 10)
    with pytest.raises(ValueError, match="empty"):
        class_histogram(np.array([], dtype=int), 10)
    with pytest.raises(ValueError, match="not all of them 0"):
        entropy([0, 0])
    with pytest.raises(ValueError, match="sum to 1"):
        classifier_score(np.ones((3, 2)))
