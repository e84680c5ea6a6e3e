"""Each figure stands beside that of real data and says over how many samples it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gans.data import DomainData, ImageData, MovingData, SequenceData, StackedData, load
from gans.data.images import image_data
from gans.data.layouts import instances
from gans.evaluation import MEASURES, Evaluation
from gans.metrics import (
    FIGURES,
    MEANINGS,
    evaluate_clips,
    evaluate_domains,
    evaluate_images,
    evaluate_points,
    evaluate_sequences,
    evaluate_stacked,
    evaluate_translations,
    kernel_distance,
    manifold_scores,
    mode_coverage,
    of_real,
    remarks,
)
from gans.systems import SYSTEMS

WITHOUT = {
    "classifier_accuracy": "it is of real data",
    "l1": "0 for targets",
    "brightness_l1": "0 for targets",
    "psnr": "100 for targets",
    "ssim": "1 for targets",
    "sharpness": "1 for targets",
}
"""Figures beside which none of real data stands, and why."""


@pytest.fixture(scope="module")
def digits() -> ImageData:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    few = slice(0, 100)
    pixels, labels = ((data.train(few) + 1) * 127.5).round().astype(np.uint8)[:, 0], data.labels[few]
    test = ((data.test(few) + 1) * 127.5).round().astype(np.uint8)[:, 0]
    return image_data("few", pixels, labels, test, data.test_labels[few])


@pytest.fixture(scope="module")
def all_kinds(digits: ImageData) -> dict[str, dict[str, Any]]:
    """The figures of real data in the samples' place, by kind."""
    toy, oracle = load("ring"), SequenceData("tiny", vocabulary=9, length=5, count=9)
    assert not isinstance(toy, ImageData)
    domains, moving = DomainData("inverted", digits), MovingData(digits)
    a, b = domains.test(slice(80))
    maps, clips = moving.test(slice(9))
    return {
        "images": evaluate_images(digits.train()[:80], digits, labels=digits.labels[:80]),
        "stacked": evaluate_stacked(StackedData(digits).train(slice(9)), StackedData(digits)),
        "points": evaluate_points(toy.sample(300, np.random.default_rng(0)), toy),
        "pairs": evaluate_translations(a, b, others=b[::-1]),
        "domains": evaluate_domains(b, a, domains),
        "clips": evaluate_clips(clips, clips, instances(maps), others=clips[::-1]),
        "sequences": evaluate_sequences(oracle.train(), oracle),
    }


def plain(name: str) -> str:
    return name.removeprefix("a_to_b_").removeprefix("b_to_a_")


@pytest.mark.parametrize("kind", ["images", "stacked", "points", "pairs", "domains", "clips", "sequences"])
def test_a_figure_stands_beside_that_of_real_data_and_has_a_size(
    all_kinds: dict[str, dict[str, Any]], kind: str
) -> None:
    figures = all_kinds[kind]
    evaluation = Evaluation(figures)
    directed = [name for name in figures if name in MEANINGS and MEANINGS[name].better]
    assert set(directed) == set(FIGURES[{"images": "image"}.get(kind, kind)])
    assert [n for n in directed if of_real(figures, n) is None] == [
        n for n in directed if plain(n) in WITHOUT
    ]
    assert set(directed) <= evaluation.sizes.keys()
    assert all(0 < size <= 300 for size in evaluation.sizes.values())
    rows = {name: size for name, _, _, _, size, _ in evaluation.rows()}
    for name, size in evaluation.sizes.items():
        assert rows[name.replace("_", " ")] == f"{size:,}"


def test_each_kind_of_data_has_its_figures() -> None:
    assert FIGURES.keys() - {"stacked"} == MEASURES.keys() - {"partial"}


@pytest.mark.parametrize("model", SYSTEMS)
def test_a_models_own_figures_say_how_many_samples_they_are_over(model: str) -> None:
    for name, meaning in SYSTEMS[model].figure_meanings.items():
        assert meaning.over in {"measured", "test_images", "test_sequences"}, name


def test_images_are_compared_with_as_many_real_ones(all_kinds: dict[str, dict[str, Any]]) -> None:
    figures = all_kinds["images"]
    sizes = Evaluation(figures).sizes
    assert (sizes["fd"], sizes["nearest_training"], sizes["classifier_accuracy"]) == (80, 80, 100)
    assert sum(figures["real_class_counts"]) == 80 == sizes["class_counts"]
    assert figures["real_label_accuracy"] == figures["classifier_accuracy"]
    assert figures["real_memorised_share"] == pytest.approx(0.01, abs=0.01)
    assert figures["real_entropy"] == pytest.approx(figures["entropy"], abs=0.1)
    assert figures["kid"] < figures["kid_floor"]  # here the samples are training images themselves


def test_points_stand_beside_other_fresh_points() -> None:
    toy = load("ring")
    assert not isinstance(toy, ImageData)
    assert toy.modes is not None
    assert toy.stds is not None
    figures = evaluate_points(np.full((300, 2), 9.0), toy, seed=5)
    rng = np.random.default_rng(5)
    first, second = (toy.sample(300, rng).astype(np.float64) for _ in range(2))
    coverage, scores = mode_coverage(second, toy.modes, toy.stds), manifold_scores(first, second)
    assert figures["modes_covered"] == 0
    assert figures["real_modes_covered"] == coverage.covered == 8
    assert figures["real_high_quality"] == coverage.high_quality
    assert figures["real_reverse_kl"] == coverage.reverse_kl
    assert (figures["real_precision"], figures["real_coverage"]) == (scores.precision, scores.coverage)


def test_the_floors_of_translations_are_of_other_real_images(digits: ImageData) -> None:
    targets, others = digits.test()[:80], digits.train()[:80]
    figures = evaluate_translations(targets, targets, others=others)
    again = evaluate_translations(others, targets)
    assert figures["fd"] == pytest.approx(0, abs=1e-6)
    assert (figures["fd_floor"], figures["thumbnail_fd_floor"]) == (again["fd"], again["thumbnail_fd"])
    assert again["fd_floor"] is again["thumbnail_fd_floor"] is None
    with pytest.raises(ValueError, match=r"others must lie in \[-1, 1\]"):
        evaluate_translations(targets, targets, others=others * 3)


def test_sequences_of_which_few_are_compared_have_no_remark_about_images() -> None:
    assert list(remarks({"samples": 10_000, "compared": 1_000, "nll": 2.0})) == []


def test_a_kernel_distance_is_that_of_its_definition_and_has_no_bias() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((5, 3)) + 1

    def mean(a: np.ndarray, b: np.ndarray, same: bool) -> float:
        pairs = [(u, v) for i, u in enumerate(a) for j, v in enumerate(b) if not (same and i == j)]
        return float(np.mean([(u @ v / 3 + 1) ** 3 for u, v in pairs]))

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert kernel_distance(x, y) == pytest.approx(expected, rel=1e-12)
    many = [kernel_distance(*rng.standard_normal((2, 8, 3))) for _ in range(2_000)]
    assert abs(np.mean(many)) < 4 * np.std(many) / np.sqrt(len(many))
    with pytest.raises(ValueError, match="x has 1 samples; at least 2"):
        kernel_distance(x[:1], y)
