"""Each figure is explained, and what makes figures doubtful is said."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import DomainData, ImageData, SequenceData, load
from gans.data.images import image_data
from gans.metrics import (
    MEANINGS,
    evaluate_clips,
    evaluate_domains,
    evaluate_images,
    evaluate_points,
    evaluate_sequences,
    evaluate_translations,
    remarks,
)


@pytest.fixture(scope="module")
def noise() -> ImageData:
    """Images that the classifier does not know."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (90, 28, 28)).astype(np.uint8)
    labels = (np.arange(90) % 10).astype(np.uint8)
    return image_data("noise", pixels, labels, pixels[:70], labels[:70])


def test_every_figure_has_a_meaning_and_every_meaning_a_figure(noise: ImageData) -> None:
    stages: list[str] = []
    of_images = evaluate_images(noise.train(), noise, labels=noise.labels, progress=stages.append)
    toy = load("ring")
    assert not isinstance(toy, ImageData)
    of_points = evaluate_points(toy.sample(20, np.random.default_rng(0)), toy)
    domains = DomainData("inverted", noise)
    a, b = domains.test()
    oracle = SequenceData("tiny", vocabulary=9, length=5, count=9)
    figures = (
        of_images.keys()
        | of_points.keys()
        | evaluate_translations(a, b).keys()
        | evaluate_domains(b, a, domains).keys()
        | evaluate_clips(a[None], a[None], np.ones((1, *a.shape[:1], *a.shape[2:]), int)).keys()
        | evaluate_sequences(oracle.train(), oracle).keys()
    )
    own = {name for name in figures if not name.startswith("real_") and not name.endswith("_floor")}
    assert own == MEANINGS.keys()
    assert {meaning.better for meaning in MEANINGS.values()} == {
        "",
        "lower",
        "higher",
        "near real data",
        "near 1",
    }
    assert stages[0] == "classifying 90 samples"
    assert len(stages) == 4


def test_a_classifier_trained_on_other_data_and_samples_that_are_not_compared_are_remarked(
    noise: ImageData,
) -> None:
    doubtful, not_compared = remarks(evaluate_images(noise.train(), noise))
    assert doubtful.startswith("the classifier, trained on MNIST's digits, names only ")
    assert not_compared.startswith("70 of the 90 samples are compared")


def test_figures_that_can_be_believed_have_no_remarks() -> None:
    assert list(remarks({"samples": 100, "compared": 100, "classifier_accuracy": 0.98})) == []
    assert list(remarks({"samples": 2_500, "modes": 8})) == []
