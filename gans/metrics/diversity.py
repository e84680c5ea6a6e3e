"""How evenly generated samples spread over the classes that a classifier sees in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import IntArray, as_labels, as_points


def class_histogram(labels: ArrayLike, classes: int) -> IntArray:
    """Samples per class: labels (n,) in 0..classes-1 -> (classes,).

    Raises ValueError for a label out of range.
    """
    numbers = as_labels(labels, "labels")
    if numbers.max() >= classes:
        raise ValueError(
            f"label {int(numbers.max())} found, but there are only {classes} classes (0..{classes - 1})"
        )
    return np.bincount(numbers, minlength=classes).astype(np.int64)


def entropy(counts: ArrayLike) -> float:
    """H = -sum p log p in nats of p = counts / sum(counts), counts (k,), with 0 log 0 = 0; in [0, log k]."""
    weights = np.asarray(counts, dtype=np.float64)
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() == 0:
        raise ValueError("counts must be finite numbers >= 0 of shape (k,), not all of them 0")
    p = weights[weights > 0] / weights.sum()
    return max(0.0, float(-(p * np.log(p)).sum()))


def effective_classes(labels: ArrayLike, classes: int) -> float:
    """exp(H) of the predicted classes: 1 when all samples show one class, ``classes`` when all are even."""
    return math.exp(entropy(class_histogram(labels, classes)))


def classifier_score(probabilities: ArrayLike) -> float:
    """exp(E_x KL(p(y|x) || p(y))): the Inception score (Salimans et al. 2016), here over any classifier.

    probabilities (n, k), each row summing to 1 (ValueError otherwise). In [1, k]: high when each sample is
    clearly of one class and the classes are evenly used. Not comparable between classifiers.
    """
    p = as_points(probabilities, "probabilities").astype(np.float64)
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1.0, atol=1e-4):
        raise ValueError("each row of probabilities must be >= 0 and sum to 1")
    p /= p.sum(axis=1, keepdims=True)
    marginal = p.mean(axis=0)
    terms = np.zeros_like(p)
    seen = p > 0
    terms[seen] = p[seen] * np.log(p[seen] / np.broadcast_to(marginal, p.shape)[seen])
    return math.exp(float(terms.sum(axis=1).mean()))
