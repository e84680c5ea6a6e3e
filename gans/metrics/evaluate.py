"""All figures of a set of samples in one JSON-able dict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import Float64Array, as_labels, as_pair, as_points
from gans.metrics.classifier import BATCH, CLASSES, FEATURES, SHAPE, Classifier, check_images, load_classifier
from gans.metrics.describe import SURE, as_digits, thumbnails
from gans.metrics.diversity import class_histogram, classifier_score, effective_classes, entropy
from gans.metrics.frechet import frechet_distance, frechet_floor
from gans.metrics.kernel import kernel_distance
from gans.metrics.manifold import NEIGHBOURS, ManifoldScores, manifold_scores
from gans.metrics.neighbours import (
    NearestTraining,
    memorised_share,
    nearest_neighbour_error,
    nearest_training,
)
from gans.metrics.toys import mode_coverage
from gans.metrics.wasserstein import sliced_wasserstein, wasserstein_1d

COMPARED = 10_000
MEMORISATION_SAMPLES = 1_000

BLOCK_VALUES = 1 << 27
"""Pixels that are held as floats at once: 512 MiB; all of MNIST's are fewer."""


class Images(Protocol):
    """Images, split for training and testing, as ``gans.data`` loads them; labels may be none."""

    @property
    def shape(self) -> tuple[int, int, int]: ...
    def __len__(self) -> int: ...
    @property
    def labels(self) -> NDArray[np.integer]: ...
    @property
    def test_labels(self) -> NDArray[np.integer]: ...
    def train(self, indices: NDArray[Any] | slice | None = None) -> NDArray[np.float32]: ...
    def test(self, indices: NDArray[Any] | slice | None = None) -> NDArray[np.float32]: ...


class Points(Protocol):
    """A toy distribution, as in ``gans.data``: ``modes`` (k, d) and ``stds`` (k,), or None for both."""

    @property
    def modes(self) -> Float64Array | None: ...
    @property
    def stds(self) -> Float64Array | None: ...
    def sample(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]: ...


def evaluate_images(
    samples: ArrayLike,
    data: Images,
    *,
    labels: ArrayLike | None = None,
    classifier: Classifier | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Every figure for generated images, beside the same figure for real images.

    samples (n, c, h, w) float in [-1, 1], of the data's shape; ``labels`` (n,) are a conditional generator's
    classes. Sets are compared at equal size: the first ``compared`` = min(n, number of test images, 10,000)
    samples against as many real images, drawn with ``seed``. Raises ValueError unless there are more than 64
    of both. ``progress`` is called with the name of each stage as it begins.

    The classifier is one of digits, which takes grey images of 28 x 28 pixels; others are made so for it. Its
    features are used for images of that shape, and for others if it names at least 90% of the test images as
    they are labelled. Else ``thumbnails`` are the features, and what needs its classes is None.

    samples, compared, training_images, test_images: counts.
    features: what fd and precision to coverage compare, "classifier" or "thumbnails".
    fd: Frechet distance over the features of ``compared`` samples from all training images; None if there are
        not more of them than features.
    fd_floor: the same with test images in place of the samples.
    kid: ``kernel_distance`` over the features of ``compared`` samples from as many training images.
    kid_floor: the same with test images in place of the samples.
    entropy, effective_classes, class_counts, classifier_score: of all n samples, by the classifier.
    real_entropy, ...: the same of n training images, or of all of them if there are fewer.
    precision, recall, density, coverage: over the features, against test images.
    real_precision, ...: the same with training images in place of the samples.
    nn_error: DCGAN's nearest-neighbour protocol on all test images, fitted on ``compared`` samples with the
        labels that nn_labels names, "given" or "classifier"; None without such labels, or those of the data.
    real_nn_error: the same fitted on as many training images and their labels.
    nearest_training: median distance of a sample to its nearest training image, over nearest_samples of them.
    real_nearest_training: the same of test images.
    memorised_share: share of samples that are nearer to a training image than 99% of the test images are.
    real_memorised_share: the same of these test images.
    classifier_accuracy: on the data's test images, None without labels. When it is low, the figures that
        use the classifier mean little.
    label_accuracy: share of samples classified as ``labels``; None without them.
    real_label_accuracy: that of the test images, classifier_accuracy; None without ``labels``.
    """
    x = check_images(samples, "samples", data.shape)
    judge = load_classifier() if classifier is None else classifier
    given = None if labels is None else as_labels(labels, "labels", count=len(x))
    rng = np.random.default_rng(seed)
    test, training_images = data.test(), len(data)
    compared = min(len(x), len(test), training_images, COMPARED)
    if compared <= FEATURES:
        raise ValueError(
            f"more than {FEATURES} samples and test images are needed, got {len(x)} and {len(test)}"
        )
    train_rows = rng.permutation(training_images)[:compared]
    test_rows = rng.permutation(len(test))[:compared]
    train = data.train(train_rows)

    progress(f"classifying {len(x):,} samples")
    test_features, test_probabilities = judge.describe(as_digits(test))
    accuracy = _accuracy(test_probabilities, data)
    probabilities = None
    if data.shape == SHAPE or (accuracy is not None and accuracy >= SURE):
        fake_features, probabilities = judge.describe(as_digits(x))
    else:
        test_features, fake_features = thumbnails(test), thumbnails(x)
    predicted = None if probabilities is None else probabilities.argmax(axis=1)
    progress(f"classifying {training_images + len(test):,} real images")
    if probabilities is None:
        train_features, train_probabilities = _joined(thumbnails(block) for block in _blocks(data)), None
    else:
        described = [judge.describe(as_digits(block)) for block in _blocks(data)]
        train_features, train_probabilities = (_joined(parts) for parts in zip(*described, strict=True))
    fake_features, real_features = fake_features[:compared], test_features[test_rows]
    others = train_features[train_rows]
    few = min(compared, MEMORISATION_SAMPLES)
    progress(f"searching the training images nearest to {few:,} samples")
    sample_distances, test_distances = _nearest_training((x[:few], test[test_rows[:few]]), data)
    progress(f"comparing {compared:,} samples with as many real images")
    return {
        "samples": len(x),
        "compared": compared,
        "training_images": training_images,
        "test_images": len(test),
        "features": "thumbnails" if probabilities is None else "classifier",
        **_frechet(fake_features, train_features, test_features, seed),
        "kid": kernel_distance(fake_features, others),
        "kid_floor": kernel_distance(real_features, others),
        **_classes(probabilities),
        **_real_classes(train_probabilities, len(x), seed),
        **_named(manifold_scores(real_features, fake_features)),
        **_named(manifold_scores(real_features, others), "real_"),
        **_neighbour_errors(x, predicted if given is None else given, train, train_rows, test, data),
        "nn_labels": "given" if given is not None else None if predicted is None else "classifier",
        "nearest_training": sample_distances.median,
        "real_nearest_training": test_distances.median,
        "memorised_share": memorised_share(sample_distances, test_distances),
        "real_memorised_share": memorised_share(test_distances, test_distances),
        "nearest_samples": few,
        "classifier_accuracy": accuracy,
        "label_accuracy": None if given is None or predicted is None else float(np.mean(predicted == given)),
        "real_label_accuracy": None if given is None or predicted is None else accuracy,
    }


def _accuracy(probabilities: Float64Array, data: Images) -> float | None:
    """The classifier's share of right answers on the test images; None without labels."""
    if len(data.test_labels) == 0:
        return None
    return float(np.mean(probabilities.argmax(axis=1) == data.test_labels))


def _blocks(data: Images) -> Iterator[NDArray[np.float32]]:
    """All training images, as many at a time as memory surely holds."""
    step = BATCH * max(1, BLOCK_VALUES // (BATCH * math.prod(data.shape)))
    return (data.train(slice(start, start + step)) for start in range(0, len(data), step))


def _joined(parts: Iterable[Float64Array]) -> Float64Array:
    return np.concatenate(list(parts))


def _nearest_training(queries: tuple[NDArray[np.float32], ...], data: Images) -> list[NearestTraining]:
    """For each of the sets of images, the training images that are nearest to its own."""
    found: list[NearestTraining] = []
    start = 0
    for block in _blocks(data):
        here = [nearest_training(images, block, start) for images in queries]
        found = [a.nearer(b) for a, b in zip(found, here, strict=True)] if found else here
        start += len(block)
    return found


def _frechet(fake: Float64Array, train: Float64Array, test: Float64Array, seed: int) -> dict[str, Any]:
    compared, dimensions = fake.shape
    if compared <= dimensions:
        return {"fd": None, "fd_floor": None}
    return {
        "fd": frechet_distance(fake, train),
        "fd_floor": frechet_floor(train, test, samples=compared, seed=seed),
    }


def _classes(probabilities: Float64Array | None) -> dict[str, Any]:
    if probabilities is None:
        return dict.fromkeys(("entropy", "effective_classes", "class_counts", "classifier_score"))
    predicted = probabilities.argmax(axis=1)
    counts = class_histogram(predicted, CLASSES)
    return {
        "entropy": entropy(counts),
        "effective_classes": effective_classes(predicted, CLASSES),
        "class_counts": counts.tolist(),
        "classifier_score": classifier_score(probabilities),
    }


def _real_classes(probabilities: Float64Array | None, n: int, seed: int) -> dict[str, Any]:
    """The figures of ``_classes`` of ``n`` real images, or of all of them."""
    if probabilities is not None:
        probabilities = np.random.default_rng(seed).permutation(probabilities)[:n]
    return {f"real_{name}": value for name, value in _classes(probabilities).items()}


def _neighbour_errors(
    x: NDArray[np.float32],
    classes: NDArray[np.int64] | None,
    train: NDArray[np.float32],
    train_rows: NDArray[np.int64],
    test: NDArray[np.float32],
    data: Images,
) -> dict[str, Any]:
    if len(data.labels) == 0 or len(data.test_labels) == 0:
        return {"nn_error": None, "real_nn_error": None}
    compared = len(train)
    return {
        "nn_error": None
        if classes is None
        else nearest_neighbour_error(x[:compared], classes[:compared], test, data.test_labels),
        "real_nn_error": nearest_neighbour_error(train, data.labels[train_rows], test, data.test_labels),
    }


def evaluate_points(samples: ArrayLike, toy: Points, *, seed: int = 0) -> dict[str, Any]:
    """Every figure for generated points (n, d) of a toy distribution, beside those for fresh points of it.

    samples: count n; the published tables (Lin et al. 2018) are for 2,500.
    compared: the smaller of n and 10,000.
    modes, modes_covered, high_quality, reverse_kl: as ``mode_coverage`` defines them; None without modes.
    wasserstein: W1 from n fresh points (d = 1), or its mean over directions (d > 1).
    wasserstein_floor: the same with another n fresh points in place of the samples.
    precision, recall, density, coverage: of ``compared`` samples against as many fresh points.
    real_modes_covered, real_high_quality, real_reverse_kl, real_precision, ...: the same with those other
        fresh points in place of the samples.
    Raises ValueError for fewer than 6 samples.
    """
    rng = np.random.default_rng(seed)
    x = as_points(samples, "samples", at_least=NEIGHBOURS + 1)
    x, real = as_pair(x, toy.sample(len(x), rng), ("samples", "real points"))
    x, real = x.astype(np.float64), real.astype(np.float64)
    again = toy.sample(len(x), rng).astype(np.float64)
    distance = wasserstein_1d if x.shape[1] == 1 else sliced_wasserstein
    return {
        "samples": len(x),
        "compared": min(len(x), COMPARED),
        "modes": None if toy.modes is None else len(toy.modes),
        **_modes(x, toy),
        **_modes(again, toy, "real_"),
        "wasserstein": distance(x, real),
        "wasserstein_floor": distance(again, real),
        **_named(manifold_scores(real[:COMPARED], x[:COMPARED])),
        **_named(manifold_scores(real[:COMPARED], again[:COMPARED]), "real_"),
    }


def _modes(points: Float64Array, toy: Points, prefix: str = "") -> dict[str, Any]:
    """The figures of ``mode_coverage``; None for a distribution without modes."""
    figures: dict[str, Any] = dict.fromkeys(("modes_covered", "high_quality", "reverse_kl"))
    if toy.modes is not None and toy.stds is not None:
        found = mode_coverage(points, toy.modes, toy.stds)
        figures = {
            "modes_covered": found.covered,
            "high_quality": found.high_quality,
            "reverse_kl": found.reverse_kl,
        }
    return {f"{prefix}{name}": value for name, value in figures.items()}


def _named(scores: ManifoldScores, prefix: str = "") -> dict[str, float]:
    return {f"{prefix}{name}": value for name, value in asdict(scores).items() if name != "k"}
