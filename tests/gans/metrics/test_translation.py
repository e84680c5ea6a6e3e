"""Figures of translations: what blur, a copy of the source and a perfect output score."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data.domains import DOMAINS, DomainData
from gans.data.images import image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.pairs import PairData
from gans.metrics import Classifier, evaluate_domains, evaluate_translations, load_classifier
from gans.metrics.distances import nearest

DIGITS = load_mnist5k()
N = 300
LABELS = DIGITS.test_labels[:N]
PERFECT = {"l1": 0, "psnr": 100, "ssim": 1, "sharpness": 1, "thumbnail_fd": 0, "fd": 0}


@pytest.fixture(scope="module")
def judge() -> Classifier:
    return load_classifier()


def test_targets_score_best(judge: Classifier) -> None:
    _, b = PairData("edges", DIGITS).test(slice(N))
    figures = evaluate_translations(b, b, labels=LABELS, classifier=judge)
    assert {name: figures[name] for name in PERFECT} == pytest.approx(PERFECT, abs=1e-6)
    assert figures["label_agreement"] == figures["real_label_agreement"] > 0.97
    assert figures["samples"] == N


def test_blur_wins_in_pixels_and_fails_in_sharpness_and_features(judge: Classifier) -> None:
    """The mean of the ten training digits with the most similar sources, and the first of them."""
    pairs = PairData("masked", DIGITS)
    (source, target), (sources, targets) = pairs.test(slice(N)), pairs.batch()
    _, found = nearest(source.reshape(N, -1), sources.reshape(len(sources), -1), 10)
    blur, sharp = (
        evaluate_translations(outputs, target, labels=LABELS, classifier=judge)
        for outputs in (targets[found].mean(axis=1), targets[found[:, 0]])
    )
    assert blur["l1"] < sharp["l1"]
    assert blur["psnr"] > sharp["psnr"]
    assert blur["sharpness"] < 0.4 < 0.85 < sharp["sharpness"] < 1.1
    assert blur["fd"] > 3 * sharp["fd"]


def test_labels_come_from_the_classifier_if_there_are_none(judge: Classifier) -> None:
    _, b = PairData("noisy", DIGITS).test(slice(N))
    figures = evaluate_translations(b, b, classifier=judge)
    assert (figures["label_agreement"], figures["real_label_agreement"]) == (1, None)
    others = np.roll(b, 1, axis=0)
    expected = np.mean(judge.predict(others) == judge.predict(b))
    assert evaluate_translations(others, b, classifier=judge)["label_agreement"] == expected


@pytest.mark.parametrize("prefix", DOMAINS)
def test_counterparts_score_best_and_copies_badly(prefix: str, judge: Classifier) -> None:
    domains = DomainData(prefix, DIGITS)
    a, b = domains.test(slice(N))
    true = evaluate_domains(b, a, domains, classifier=judge)
    copied = evaluate_domains(a, b, domains, classifier=judge)
    for direction in ("a_to_b", "b_to_a"):
        one_answer = direction == "b_to_a" or domains.one_answer
        read = direction == "b_to_a" or domains.readable
        for name, best in PERFECT.items():
            value = true[f"{direction}_{name}"]
            if read if name == "fd" else one_answer or name not in ("l1", "psnr", "ssim"):
                assert value == pytest.approx(best, abs=1e-6)
            else:
                assert value is copied[f"{direction}_{name}"] is None
        agreement = true[f"{direction}_label_agreement"]
        if read:
            assert agreement == true[f"real_{direction}_label_agreement"] > 0.95
        else:
            assert agreement is true[f"real_{direction}_label_agreement"] is None
        if one_answer:
            assert copied[f"{direction}_l1"] > 0.2
        assert copied[f"{direction}_thumbnail_fd"] > 0.02
    assert true["samples"] == N
    assert true.keys() == copied.keys()


def test_other_colours_are_as_good_as_those_of_the_targets(judge: Classifier) -> None:
    domains = DomainData("coloured", DIGITS)
    a, _ = domains.test(slice(N))
    maker = DOMAINS["coloured"]
    others = maker.there(a, np.arange(N, dtype=np.uint64) * np.uint64(7919))
    figures = evaluate_domains(others, a, domains, classifier=judge)
    assert figures["a_to_b_label_agreement"] > 0.95
    assert figures["a_to_b_fd"] < 1e-6
    assert 0.9 < figures["a_to_b_sharpness"] < 1.1
    copy = evaluate_domains(a, a, domains, classifier=judge)
    assert figures["a_to_b_thumbnail_fd"] < 0.2 * copy["a_to_b_thumbnail_fd"]


def test_digits_of_another_size_are_made_so_for_the_classifier(judge: Classifier) -> None:
    _, b = PairData("edges", DIGITS).test(slice(N))
    large = b.repeat(2, axis=2).repeat(2, axis=3)
    figures = evaluate_translations(large, large, labels=LABELS, classifier=judge)
    assert figures["label_agreement"] == figures["real_label_agreement"] > 0.95
    assert figures["fd"] == pytest.approx(0, abs=1e-6)
    wrong = (LABELS + 1) % 10
    assert evaluate_translations(large, large, labels=wrong, classifier=judge)["fd"] is None


def test_images_that_the_classifier_cannot_read_have_the_other_figures() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 16, 12, 3), dtype=np.uint8)
    domains = DomainData("thick", image_data("mine", pixels, None, pixels))
    a, b = domains.test()
    figures = evaluate_domains(b, a, domains)
    assert figures["a_to_b_l1"] == 0
    assert figures["a_to_b_fd"] is figures["real_b_to_a_label_agreement"] is None


def test_too_few_or_unequal_translations_are_refused() -> None:
    domains = DomainData("inverted", DIGITS)
    a, b = domains.test(slice(64))
    with pytest.raises(ValueError, match="more than 64 outputs are needed, got 64"):
        evaluate_domains(b, a, domains)
    with pytest.raises(ValueError, match="64 translations to b, but 63 to a"):
        evaluate_domains(b, a[1:], domains)
