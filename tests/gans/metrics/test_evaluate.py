"""The whole table of figures: for real digits, collapsed and noisy ones, and toy points."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from gans.data import ImageData, load
from gans.data.toys import ToyData
from gans.metrics import evaluate_images, evaluate_points


@pytest.fixture(scope="module")
def digits() -> ImageData:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    return data


def toy(name: str) -> ToyData:
    data = load(name)
    assert isinstance(data, ToyData)
    return data


def test_real_digits_score_like_real_digits_and_count_as_memorised(digits: ImageData) -> None:
    rows = np.random.default_rng(0).permutation(5000)[:1500]
    figures = evaluate_images(digits.train(rows), digits, labels=digits.labels[rows])
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert (figures["samples"], figures["compared"], figures["training_images"]) == (1500, 1000, 5000)
    assert figures["fd"] < 3 * figures["fd_floor"]
    assert figures["effective_classes"] > 9.9
    assert figures["entropy"] == pytest.approx(math.log(figures["effective_classes"]))
    assert sum(figures["class_counts"]) == 1500
    assert figures["classifier_score"] > 9
    for name in ("precision", "recall", "density", "coverage"):
        assert figures[name] == pytest.approx(figures[f"real_{name}"], abs=0.06)
    assert figures["nn_error"] == pytest.approx(figures["real_nn_error"], abs=0.03)
    assert figures["nn_labels"] == "given"
    assert figures["label_accuracy"] > 0.98
    assert figures["classifier_accuracy"] > 0.98
    assert figures["nearest_training"] == 0 < figures["real_nearest_training"]
    assert figures["memorised_share"] == 1


def test_one_class_alone_shows_in_diversity_and_not_in_precision(digits: ImageData) -> None:
    sevens = digits.train(np.nonzero(digits.labels == 7)[0])
    figures = evaluate_images(sevens, digits, labels=np.full(len(sevens), 7))
    assert figures["compared"] == len(sevens) == 500
    assert figures["effective_classes"] < 1.2
    assert figures["fd"] > 20 * figures["fd_floor"]
    assert figures["precision"] > figures["real_precision"] - 0.1
    assert figures["recall"] < 0.3
    assert figures["coverage"] < 0.3
    assert figures["nn_error"] == 0.9  # every test digit is taken for a seven


def test_noise_is_neither_good_nor_memorised(digits: ImageData) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (300, 1, 28, 28)).astype(np.float32)
    figures = evaluate_images(noise, digits)
    assert figures["fd"] > 20 * figures["fd_floor"]
    assert figures["coverage"] < 0.1
    assert figures["memorised_share"] == 0
    assert figures["nearest_training"] > figures["real_nearest_training"]
    assert (figures["nn_labels"], figures["label_accuracy"]) == ("classifier", None)


def test_identical_samples_are_judged_without_a_warning(digits: ImageData) -> None:
    figures = evaluate_images(np.repeat(digits.test(np.arange(1)), 100, axis=0), digits)
    assert figures["effective_classes"] == 1
    assert figures["recall"] < 0.02


def test_image_errors(digits: ImageData) -> None:
    few = digits.train(np.arange(64))
    with pytest.raises(ValueError, match="more than 64 samples and test images are needed, got 64 and 1000"):
        evaluate_images(few, digits)
    with pytest.raises(ValueError, match=r"samples must have shape \(n, 1, 28, 28\)"):
        evaluate_images(few[:, 0], digits)
    with pytest.raises(ValueError, match="labels has 3 entries for 64 samples"):
        evaluate_images(few, digits, labels=np.zeros(3, dtype=int))


@pytest.mark.parametrize(
    ("name", "modes", "share"), [("ring", 8, 1 - math.exp(-4.5)), ("mixture", 2, 0.9973)]
)
def test_perfect_points(name: str, modes: int, share: float) -> None:
    source = toy(name)
    figures = evaluate_points(source.sample(2500, np.random.default_rng(5)), source)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert (figures["samples"], figures["modes"], figures["modes_covered"]) == (2500, modes, modes)
    assert figures["high_quality"] == pytest.approx(share, abs=0.01)
    assert figures["reverse_kl"] < 0.005
    assert figures["wasserstein"] < 5 * figures["wasserstein_floor"]
    assert figures["coverage"] == pytest.approx(1 - 2**-5, abs=0.03)


def test_collapsed_points() -> None:
    source = toy("ring")
    points = source.sample(2500, np.random.default_rng(5))
    figures = evaluate_points(points[points[:, 0] > 0.5], source)
    assert figures["modes_covered"] == 3
    assert figures["reverse_kl"] == pytest.approx(math.log(8 / 3), abs=0.01)
    assert figures["wasserstein"] > 5 * figures["wasserstein_floor"]
    assert figures["recall"] < 0.5 < figures["precision"]


def test_points_of_a_curve_have_no_modes() -> None:
    source = toy("swiss-roll")
    figures = evaluate_points(source.sample(1000, np.random.default_rng(5)), source)
    assert figures["modes"] is figures["modes_covered"] is figures["reverse_kl"] is None
    assert figures["coverage"] > 0.9


def test_point_errors() -> None:
    with pytest.raises(ValueError, match="samples has 3 columns, real points has 2"):
        evaluate_points(np.zeros((10, 3)), toy("ring"))
