"""The nearest-neighbour protocol and the memorisation check."""

from __future__ import annotations

import numpy as np
import pytest

from gans.metrics import memorised_share, nearest_neighbour_error, nearest_training


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def images(rng: np.random.Generator, n: int) -> np.ndarray:
    return (rng.random((n, 1, 6, 6)) * 2 - 1).astype(np.float32)


def test_error_counts_test_images_whose_nearest_sample_has_another_label() -> None:
    samples = np.array([[-1.0, 0.0], [1.0, 0.0]])
    test = np.array([[-0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [-0.1, 0.0]])
    truth = np.array([0, 1, 0, 0])
    assert nearest_neighbour_error(samples, np.array([0, 1]), test, truth) == 0.25
    assert nearest_neighbour_error(samples, np.array([1, 0]), test, truth) == 0.75


def test_copies_of_the_test_set_make_no_error(rng: np.random.Generator) -> None:
    test, labels = images(rng, 40), rng.integers(0, 10, 40)
    order = rng.permutation(40)
    assert nearest_neighbour_error(test[order], labels[order], test, labels) == 0


def test_one_class_alone_errs_on_all_others(rng: np.random.Generator) -> None:
    labels = np.arange(40) % 10
    assert nearest_neighbour_error(images(rng, 20), np.zeros(20, dtype=int), images(rng, 40), labels) == 0.9


def test_nearest_training_finds_copies_exactly(rng: np.random.Generator) -> None:
    training = images(rng, 50)
    samples = np.concatenate([training[[4, 44]], images(rng, 10)])
    found = nearest_training(samples, training)
    np.testing.assert_array_equal(found.indices[:2], [4, 44])
    np.testing.assert_array_equal(found.distances[:2], 0)
    differences = samples[2:, None].astype(np.float64) - training
    exact = np.sqrt(np.square(differences).sum(axis=(2, 3, 4)))
    np.testing.assert_allclose(found.distances[2:], exact.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(found.indices[2:], exact.argmin(axis=1))


def test_memorised_share_tells_copies_from_fresh_samples(rng: np.random.Generator) -> None:
    training, held_out, fresh = images(rng, 300), images(rng, 300), images(rng, 300)
    real = nearest_training(held_out, training)
    copies = nearest_training(training[:100] + np.float32(0.01), training)
    assert memorised_share(copies, real) == 1
    assert memorised_share(nearest_training(fresh, training), real) < 0.05
    mixed = nearest_training(np.concatenate([training[:50], fresh[:50]]), training)
    assert memorised_share(mixed, real) == pytest.approx(0.5, abs=0.05)
    assert copies.median == pytest.approx(0.06, rel=1e-3)


def test_errors(rng: np.random.Generator) -> None:
    x = images(rng, 5)
    with pytest.raises(ValueError, match="labels has 4 entries for 5 samples"):
        nearest_neighbour_error(x, np.zeros(4, dtype=int), x, np.zeros(5, dtype=int))
    with pytest.raises(ValueError, match=r"queries has 36 columns, points has 12"):
        nearest_neighbour_error(x[:, :, :2], np.zeros(5, dtype=int), x, np.zeros(5, dtype=int))
    with pytest.raises(ValueError, match=r"samples must have shape"):
        nearest_training(x[:0], x)
    with pytest.raises(ValueError, match="quantile"):
        memorised_share(nearest_training(x, x), nearest_training(x, x), quantile=0)
