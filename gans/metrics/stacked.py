"""Modes of stacked digits: a classifier of digits reads each channel, and three digits are a mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import Float64Array, IntArray, as_labels
from gans.metrics.classifier import CLASSES, Classifier, check_images, load_classifier
from gans.metrics.describe import as_digits
from gans.metrics.diversity import class_histogram
from gans.metrics.frechet import distance_if_many

__all__ = ["Stacked", "divergence", "evaluate_stacked"]

Images = NDArray[np.float32]

CHANNELS = 3
PLACES = CLASSES ** np.arange(CHANNELS - 1, -1, -1)
"""What the digit of each channel counts in a mode's number: hundreds, tens, ones."""


class _Digits(Protocol):
    """The set that stands in the channels."""

    @property
    def labels(self) -> NDArray[np.integer]: ...
    @property
    def test_labels(self) -> NDArray[np.integer]: ...
    def train(self) -> Images: ...
    def test(self) -> Images: ...


class Stacked(Protocol):
    """Images of three channels that are each an image of ``images``, as ``gans.data.StackedData``."""

    @property
    def images(self) -> Any: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def tests(self) -> int: ...
    def parts(self, chosen: IntArray, stream: Any) -> IntArray: ...


def evaluate_stacked(
    samples: ArrayLike,
    data: Stacked,
    *,
    labels: ArrayLike | None = None,
    classifier: Classifier | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Every figure for generated stacks of three digits (Lin et al. 2018, PacGAN, section 4.2).

    samples (n, 3, h, w) float in [-1, 1], of the data's shape; ``labels`` (n,) are a conditional generator's
    classes, 100 d_1 + 10 d_2 + d_3. The classifier reads each channel by itself. Figures of real data are
    those of the first n test images, or of all of them; the published tables are for 26,000.

    samples, test_images: counts; test_images are those of digits.
    features: "classifier", its features of the three channels side by side.
    modes, modes_covered: 1,000, and how many of them samples have; real_modes_covered is of real data.
    reverse_kl: KL from the data's shares of the modes to the samples', nats; real_reverse_kl of real data.
    fd: Frechet distance over the features from as many training images as there are test images; fd_floor is
        that of real data. None for fewer samples than features, 192.
    classifier_accuracy: on the digits' test images, None without labels.
    label_accuracy: share of samples of which all three digits are those of ``labels``; None without them.
    real_label_accuracy: that of the real stacks with their own labels; None without either.

    Raises ValueError if shapes or values do not fit.
    """
    x = check_images(samples, "samples", data.shape)
    given = None if labels is None else as_labels(labels, "labels", count=len(x))
    judge = load_classifier() if classifier is None else classifier
    digits: _Digits = data.images
    progress(f"classifying three digits in each of {len(x):,} samples")
    features, classes = _described(judge, x.reshape(-1, 1, *x.shape[2:]))
    features, modes = features.reshape(len(x), -1), classes.reshape(-1, CHANNELS) @ PLACES
    progress("classifying real digits")
    train_features, _ = _described(judge, digits.train())
    test_features, test_classes = _described(judge, digits.test())
    numbers = np.arange(data.tests)
    tests = data.parts(numbers[: len(x)], 1)
    real_modes = test_classes[tests] @ PLACES
    shares = _shares(digits.labels)
    reference = train_features[data.parts(numbers, 0)].reshape(len(numbers), -1)
    real_features = test_features[tests].reshape(len(tests), -1)
    known = len(digits.test_labels) > 0
    return {
        "samples": len(x),
        "test_images": len(test_classes),
        "features": "classifier",
        "modes": len(shares),
        "modes_covered": len(np.unique(modes)),
        "real_modes_covered": len(np.unique(real_modes)),
        "reverse_kl": divergence(modes, shares),
        "real_reverse_kl": divergence(real_modes, shares),
        "fd": distance_if_many(features, reference),
        "fd_floor": distance_if_many(real_features, reference),
        "classifier_accuracy": float(np.mean(test_classes == digits.test_labels)) if known else None,
        "label_accuracy": None if given is None else float(np.mean(modes == given)),
        "real_label_accuracy": float(np.mean(real_modes == digits.test_labels[tests] @ PLACES))
        if known and given is not None
        else None,
    }


def divergence(classes: ArrayLike, shares: ArrayLike) -> float:
    """KL(q || p) = sum_k q_k log(q_k / p_k) in nats, q the shares of classes (n,) and p those of ``shares``.

    It is 0 where the shares are equal. n samples of p itself have about (k - 1) / 2n.

    Raises ValueError for a class out of range, or one without a share.
    """
    p = np.asarray(shares, dtype=np.float64)
    counts = class_histogram(classes, len(p))
    seen = counts > 0
    if not (p[seen] > 0).all():
        raise ValueError("a class of the samples has no share in the data: the divergence is infinite")
    q = counts[seen] / counts.sum()
    return max(0.0, float(np.sum(q * np.log(q / p[seen]))))


def _shares(labels: NDArray[np.integer]) -> Float64Array:
    """How frequent each mode is in the data; even if some digit has no label."""
    even = np.full(CLASSES, 1 / CLASSES)
    counts = np.bincount(labels, minlength=CLASSES)
    of_digit = counts / counts.sum() if len(counts) == CLASSES and counts.all() else even
    triples: Float64Array = np.einsum("i,j,k->ijk", of_digit, of_digit, of_digit).reshape(-1)
    return triples


def _described(judge: Classifier, images: Images) -> tuple[Float64Array, IntArray]:
    """The features (n, 64) and the classes (n,) of grey images."""
    features, probabilities = judge.describe(as_digits(images))
    return features, probabilities.argmax(axis=1)
