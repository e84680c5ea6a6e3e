"""K-means, and a table of the clusters of each class, from which a system draws (Lloyd 1982)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gans.updates import State
from minigrad import Tensor
from minigrad.devices import to_device

__all__ = ["Clusters", "k_means"]

Floats64 = NDArray[np.float64]
Integers = NDArray[np.int64]

ATTEMPTS, ROUNDS = 5, 100
"""Of K-means; the most rounds of an attempt, which mostly ends much earlier."""


def k_means(points: NDArray[np.floating], k: int, rng: np.random.Generator) -> tuple[Floats64, Integers]:
    """``k`` centres (k, d) of points (n, d), and the number of points that are nearest to each, (k,).

    The first centres are points, each drawn with probabilities as its squared distance from those before it
    (k-means++, Arthur and Vassilvitskii 2007). A round moves each centre to the mean of its points. A centre
    without points moves to the point that is farthest from its own centre. Of several attempts the one with
    the least sum of squared distances counts. The largest clusters come first; with fewer different points
    than ``k`` the last ones are empty.

    >>> centres, counts = k_means(np.array([[0.0], [1.0], [9.0]]), 2, np.random.default_rng(0))
    >>> centres.tolist(), counts.tolist()
    ([[0.5], [9.0]], [2, 1])

    Raises ValueError without a point.
    """
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"points (n, d) with n of at least 1 are needed, got {x.shape}")
    attempts = [_settled(x, _begun(x, k, rng)) for _ in range(ATTEMPTS)]
    centres, nearest, _ = min(attempts, key=lambda attempt: float(attempt[2].sum()))
    counts = np.bincount(nearest, minlength=k)
    order = np.argsort(-counts, kind="stable")
    return centres[order], counts[order].astype(np.int64)


def _settled(x: Floats64, centres: Floats64) -> tuple[Floats64, Integers, Floats64]:
    """The centres after Lloyd's rounds, and what ``_nearest`` says of them."""
    nearest, far = _nearest(x, centres)
    for _ in range(ROUNDS):
        for i in range(len(centres)):
            mine = nearest == i
            if mine.any():
                centres[i] = x[mine].mean(axis=0)
            elif far.max() > 0:
                centres[i] = x[far.argmax()]
                far[far.argmax()] = 0
        before = nearest
        nearest, far = _nearest(x, centres)
        if np.array_equal(nearest, before):
            break
    return centres, nearest, far


def _begun(x: Floats64, k: int, rng: np.random.Generator) -> Floats64:
    """First centres, which are points far from one another."""
    first = rng.integers(len(x))
    centres = x[first : first + 1].copy()
    while len(centres) < k:
        _, far = _nearest(x, centres)
        total = far.sum()
        chosen = rng.choice(len(x), p=far / total) if total > 0 else rng.integers(len(x))
        centres = np.concatenate([centres, x[chosen : chosen + 1]])
    return centres


def _nearest(x: Floats64, centres: Floats64) -> tuple[Integers, Floats64]:
    """The nearest centre of each point, the first of equals, and its squared distance."""
    distances = np.stack([((x - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    nearest = distances.argmin(axis=1)
    return nearest, distances[np.arange(len(x)), nearest]


class Clusters(State):
    """At most ``k`` clusters of features (d,) for each class: a part of the checkpoint.

    ``centres`` (classes, k, d) and ``counts`` (classes, k); a class without clusters has the centre 0.
    """

    def __init__(self, classes: int, k: int, d: int, device: str = "cpu") -> None:
        super().__init__(
            device,
            centres=np.zeros((classes, k, d), np.float32),
            counts=np.zeros((classes, k), np.int64),
        )

    def fit(self, features: NDArray[np.floating], classes: Integers, rng: np.random.Generator) -> None:
        """New clusters of features (n, d), of which each has a class (n,)."""
        centres, counts = np.zeros(self.centres.shape, np.float32), np.zeros(self.counts.shape, np.int64)
        for label in np.unique(classes):
            centres[label], counts[label] = k_means(features[classes == label], counts.shape[1], rng)
        self.set("centres", Tensor(to_device(centres, self.centres.device)))
        self.set("counts", Tensor(to_device(counts, self.counts.device)))

    def features(self, classes: Integers, styles: Integers) -> NDArray[np.float32]:
        """The centre (..., d) of a cluster of each of ``classes`` (...), by the clusters' numbers, any
        integers: after the last that has a point the first one follows."""
        filled = np.maximum((self.counts.numpy() > 0).sum(axis=1), 1)
        centres: NDArray[np.float32] = self.centres.numpy()[classes, styles % filled[classes]]
        return centres
