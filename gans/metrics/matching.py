"""The best one-to-one map from categories, which have no names, to classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import IntArray
from gans.metrics.classifier import CLASSES

__all__ = ["best_match", "matched_share"]

MOST_CLASSES = 16
"""The most classes: the search keeps a number for each of their subsets."""


def best_match(counts: ArrayLike) -> IntArray:
    """For each category the class that it stands for, no class twice, or -1 where no class is left.

    ``counts`` (categories, classes) says how many samples of each category have each class; the map has the
    largest sum of counts. The search is dynamic programming over the subsets of classes that are taken.

    >>> best_match([[5, 4], [5, 0]]).tolist()
    [1, 0]

    Raises ValueError unless ``counts`` is a table of at most 16 classes.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape or table.shape[1] > MOST_CLASSES:
        raise ValueError(f"counts must be (categories, at most {MOST_CLASSES} classes), got {table.shape}")
    categories, classes = table.shape
    taken = np.arange(2**classes)
    best = np.where(taken == 0, 0.0, -np.inf)
    choices = np.full((categories, 2**classes), -1)
    for category, row in enumerate(table):
        after = best.copy()  # where the category gets no class
        for label in range(classes):
            has = (taken >> label & 1).astype(bool)
            value = np.where(has, best[taken & ~(1 << label)] + row[label], -np.inf)
            better = value > after
            after[better], choices[category, better] = value[better], label
        best = after
    match = np.full(categories, -1)
    state = int(best.argmax())
    for category in reversed(range(categories)):
        match[category] = choices[category, state]
        if match[category] >= 0:
            state &= ~(1 << int(match[category]))
    return match


def matched_share(categories: ArrayLike, classes: ArrayLike, count: int) -> float:
    """The share of samples whose category, one of ``count``, stands for their class.

    ``categories`` and ``classes`` are (n,). The best one-to-one map between them is chosen on the first half
    of the samples, and scored on the second.

    >>> matched_share([0, 1, 0, 1, 0, 1, 1, 1], [7, 3, 7, 3, 7, 3, 3, 7], 2)
    0.75
    """
    c, found = np.asarray(categories), np.asarray(classes)
    half = len(c) // 2
    counts = np.zeros((count, CLASSES), np.int64)
    np.add.at(counts, (c[:half], found[:half]), 1)
    match = best_match(counts)
    return float(np.mean(match[c[half:]] == found[half:]))
