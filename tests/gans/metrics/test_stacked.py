"""Modes of stacked digits: what the classifier reads in the channels, beside what it reads in real ones."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import StackedData
from gans.data.images import image_data
from gans.data.mnist5k import load_mnist5k
from gans.metrics import Classifier, divergence, evaluate_stacked, load_classifier, remarks


def few() -> StackedData:
    """Stacks of 40 digits of each class, in training and in test."""
    digits = load_mnist5k()
    rows, tests = (
        np.concatenate([np.flatnonzero(labels == k)[:40] for k in range(10)])
        for labels in (digits.labels, digits.test_labels)
    )
    return StackedData(
        image_data(
            "few",
            digits.images[rows],
            digits.labels[rows],
            digits.test_images[tests],
            digits.test_labels[tests],
        )
    )


DIGITS = few()
N = 400


@pytest.fixture(scope="module")
def judge() -> Classifier:
    return load_classifier()


def test_real_stacks_have_their_own_floor(judge: Classifier) -> None:
    stages: list[str] = []
    figures = evaluate_stacked(
        DIGITS.test(slice(N)), DIGITS, labels=DIGITS.test_labels[:N], classifier=judge, progress=stages.append
    )
    assert figures["modes_covered"] == figures["real_modes_covered"] == pytest.approx(330, abs=15)
    assert figures["reverse_kl"] == figures["real_reverse_kl"] == pytest.approx(1.17, abs=0.05)
    assert figures["fd"] == pytest.approx(figures["fd_floor"])
    assert figures["label_accuracy"] == pytest.approx(0.99**3, abs=0.02)
    assert figures["classifier_accuracy"] == pytest.approx(0.99, abs=0.01)
    assert (figures["modes"], figures["samples"], len(stages)) == (1_000, N, 2)
    assert list(remarks(figures)) == []


def test_a_generator_of_one_stack_covers_one_mode(judge: Classifier) -> None:
    same = np.repeat(DIGITS.test(slice(1)), N, axis=0)
    figures = evaluate_stacked(same, DIGITS, classifier=judge)
    assert figures["modes_covered"] == 1
    assert figures["reverse_kl"] == pytest.approx(np.log(1_000))
    assert figures["fd"] > 10 * figures["fd_floor"]
    assert figures["label_accuracy"] is None


def test_a_mode_is_the_digits_in_the_order_of_the_channels(judge: Classifier) -> None:
    """A label with two channels exchanged is another mode, unless both have one digit."""
    x, labels = DIGITS.test(slice(N)), DIGITS.test_labels[:N]
    hundreds, tens, ones = labels // 100, labels // 10 % 10, labels % 10
    exchanged = evaluate_stacked(x[:, [1, 0, 2]], DIGITS, labels=labels, classifier=judge)
    assert exchanged["label_accuracy"] == pytest.approx(np.mean(hundreds == tens), abs=0.02)
    turned = 100 * tens + 10 * hundreds + ones
    known = evaluate_stacked(x[:, [1, 0, 2]], DIGITS, labels=turned, classifier=judge)
    assert known["label_accuracy"] > 0.95


def test_the_divergence_is_that_of_scipy() -> None:
    entropy = pytest.importorskip("scipy.stats").entropy
    classes = np.random.default_rng(0).integers(0, 4, 100)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    assert divergence(classes, shares) == pytest.approx(entropy(np.bincount(classes) / 100, shares))
    assert divergence([0, 1, 1], [1 / 3, 2 / 3, 0]) == 0
    with pytest.raises(ValueError, match="a class of the samples has no share"):
        divergence([0, 2], [0.5, 0.5, 0])


def test_modes_count_by_their_shares_in_the_data(judge: Classifier) -> None:
    """Of digits that are half ones, stacks of ones alone are no rare mode: log 8 nats, not log 1000."""
    digits = load_mnist5k()
    ones, others = np.flatnonzero(digits.labels == 1)[:90], np.flatnonzero(digits.labels != 1)[:90]
    rows = np.concatenate([ones, others])
    tests = np.arange(200)
    data = StackedData(
        image_data(
            "ones",
            digits.images[rows],
            digits.labels[rows],
            digits.test_images[tests],
            digits.test_labels[tests],
        )
    )
    x = digits.train(ones[:90]).reshape(30, 3, 28, 28)
    figures = evaluate_stacked(x, data, classifier=judge)
    assert figures["reverse_kl"] == pytest.approx(np.log(8), abs=0.2)
    assert figures["fd"] is None


def test_images_without_labels_have_modes_too(judge: Classifier) -> None:
    digits = load_mnist5k()
    data = StackedData(image_data("mine", digits.images[:200], None, digits.test_images[:200]))
    figures = evaluate_stacked(data.test(slice(100)), data, classifier=judge)
    assert figures["modes_covered"] > 80
    assert figures["classifier_accuracy"] is None
    assert [remark for remark in remarks(figures) if "no test images are labelled" in remark]


def test_samples_of_another_shape_are_refused(judge: Classifier) -> None:
    with pytest.raises(ValueError, match="samples must have shape"):
        evaluate_stacked(np.zeros((5, 1, 28, 28), np.float32), DIGITS, classifier=judge)
