"""All figures of a set of samples in one JSON-able dict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import Float64Array, as_labels, as_pair, as_points
from gans.metrics.classifier import CLASSES, FEATURES, Classifier, check_images, load_classifier
from gans.metrics.diversity import class_histogram, classifier_score, effective_classes, entropy
from gans.metrics.frechet import frechet_distance, frechet_floor
from gans.metrics.manifold import NEIGHBOURS, ManifoldScores, manifold_scores
from gans.metrics.neighbours import memorised_share, nearest_neighbour_error, nearest_training
from gans.metrics.toys import mode_coverage
from gans.metrics.wasserstein import sliced_wasserstein, wasserstein_1d

COMPARED = 10_000
MEMORISATION_SAMPLES = 1_000


class Images(Protocol):
    """Labelled images, split for training and testing, as ``gans.data`` loads them."""

    @property
    def labels(self) -> NDArray[np.integer]: ...
    @property
    def test_labels(self) -> NDArray[np.integer]: ...
    def train(self, indices: NDArray[Any] | None = None) -> NDArray[np.float32]: ...
    def test(self, indices: NDArray[Any] | None = None) -> NDArray[np.float32]: ...


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
    """Every figure for generated digits, beside the same figure for real digits.

    samples (n, 1, 28, 28) float in [-1, 1]; ``labels`` (n,) are a conditional generator's classes.
    Sets are compared at equal size: the first ``compared`` = min(n, number of test images, 10,000) samples
    against as many real images, drawn with ``seed``. Raises ValueError unless there are more than 64 of both.
    ``progress`` is called with the name of each stage as it begins.

    samples, compared, training_images: counts.
    fd: Frechet distance over the classifier's features of ``compared`` samples from all training images.
    fd_floor: the same with test images in place of the samples.
    entropy, effective_classes, class_counts, classifier_score: of all n samples, by the classifier.
    precision, recall, density, coverage: over the features, against test images.
    real_precision, ...: the same with training images in place of the samples.
    nn_error: DCGAN's nearest-neighbour protocol on all test images, fitted on ``compared`` samples with the
        labels that nn_labels names, "given" or "classifier".
    real_nn_error: the same fitted on as many training images and their labels.
    nearest_training: median distance of a sample to its nearest training image, over nearest_samples of them.
    real_nearest_training: the same of test images.
    memorised_share: share of samples that are nearer to a training image than 99% of the test images are.
    classifier_accuracy: on the data's test images. When it is low, the figures that
        use the classifier mean little.
    label_accuracy: share of samples classified as ``labels``; None without them.
    """
    x = check_images(samples, "samples")
    judge = load_classifier() if classifier is None else classifier
    given = None if labels is None else as_labels(labels, "labels", count=len(x))
    rng = np.random.default_rng(seed)
    if not (len(data.labels) and len(data.test_labels)):
        raise ValueError("images without labels, which nn_error and classifier_accuracy need")
    train, test = data.train(), data.test()
    compared = min(len(x), len(test), len(train), COMPARED)
    if compared <= FEATURES:
        raise ValueError(
            f"more than {FEATURES} samples and test images are needed, got {len(x)} and {len(test)}"
        )
    train_rows = rng.permutation(len(train))[:compared]
    test_rows = rng.permutation(len(test))[:compared]

    progress(f"classifying {len(x):,} samples")
    features, probabilities = judge.describe(x)
    predicted = probabilities.argmax(axis=1)
    progress(f"classifying {len(train) + len(test):,} real images")
    train_features = judge.features(train)
    test_features, test_probabilities = judge.describe(test)
    counts = class_histogram(predicted, CLASSES)
    fake_features, real_features = features[:compared], test_features[test_rows]
    classes = predicted if given is None else given
    few = min(compared, MEMORISATION_SAMPLES)
    progress(f"searching the training images nearest to {few:,} samples")
    sample_distances = nearest_training(x[:few], train)
    test_distances = nearest_training(test[test_rows[:few]], train)
    progress(f"comparing {compared:,} samples with as many real images")
    return {
        "samples": len(x),
        "compared": compared,
        "training_images": len(train),
        "fd": frechet_distance(fake_features, train_features),
        "fd_floor": frechet_floor(train_features, test_features, samples=compared, seed=seed),
        "entropy": entropy(counts),
        "effective_classes": effective_classes(predicted, CLASSES),
        "class_counts": counts.tolist(),
        "classifier_score": classifier_score(probabilities),
        **_named(manifold_scores(real_features, fake_features)),
        **_named(manifold_scores(real_features, train_features[train_rows]), "real_"),
        "nn_error": nearest_neighbour_error(x[:compared], classes[:compared], test, data.test_labels),
        "real_nn_error": nearest_neighbour_error(
            train[train_rows], data.labels[train_rows], test, data.test_labels
        ),
        "nn_labels": "classifier" if given is None else "given",
        "nearest_training": sample_distances.median,
        "real_nearest_training": test_distances.median,
        "memorised_share": memorised_share(sample_distances, test_distances),
        "nearest_samples": few,
        "classifier_accuracy": float(np.mean(test_probabilities.argmax(axis=1) == data.test_labels)),
        "label_accuracy": None if given is None else float(np.mean(predicted == given)),
    }


def evaluate_points(samples: ArrayLike, toy: Points, *, seed: int = 0) -> dict[str, Any]:
    """Every figure for generated points (n, d) of a toy distribution, beside those for fresh points of it.

    samples: count n; the published tables (Lin et al. 2018) are for 2,500.
    modes, modes_covered, high_quality, reverse_kl: as ``mode_coverage`` defines them; None without modes.
    wasserstein: W1 from n fresh points (d = 1), or its mean over directions (d > 1).
    wasserstein_floor: the same with another n fresh points in place of the samples.
    precision, recall, density, coverage: against fresh points, at most 10,000 of each.
    Raises ValueError for fewer than 6 samples.
    """
    rng = np.random.default_rng(seed)
    x = as_points(samples, "samples", at_least=NEIGHBOURS + 1)
    x, real = as_pair(x, toy.sample(len(x), rng), ("samples", "real points"))
    x, real = x.astype(np.float64), real.astype(np.float64)
    again = toy.sample(len(x), rng).astype(np.float64)
    distance = wasserstein_1d if x.shape[1] == 1 else sliced_wasserstein
    modes: dict[str, Any] = dict.fromkeys(("modes", "modes_covered", "high_quality", "reverse_kl"))
    if toy.modes is not None and toy.stds is not None:
        found = mode_coverage(x, toy.modes, toy.stds)
        modes = {
            "modes": found.modes,
            "modes_covered": found.covered,
            "high_quality": found.high_quality,
            "reverse_kl": found.reverse_kl,
        }
    return {
        "samples": len(x),
        **modes,
        "wasserstein": distance(x, real),
        "wasserstein_floor": distance(again, real),
        **_named(manifold_scores(real[:COMPARED], x[:COMPARED])),
    }


def _named(scores: ManifoldScores, prefix: str = "") -> dict[str, float]:
    return {f"{prefix}{name}": value for name, value in asdict(scores).items() if name != "k"}
