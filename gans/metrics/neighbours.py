"""Nearest neighbours between images: DCGAN's classification protocol, and a check for memorisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import Float64Array, IntArray, as_labels
from gans.metrics.distances import nearest


def nearest_neighbour_error(
    samples: ArrayLike, labels: ArrayLike, test_images: ArrayLike, test_labels: ArrayLike
) -> float:
    """Error on real test images of a 1-nearest-neighbour classifier fitted on labelled samples; in [0, 1].

    samples (n, ...), labels (n,), test_images (m, ...), test_labels (m,); distances are Euclidean between
    flattened images. The protocol of Radford et al. 2015, table 3: there the samples come from a
    class-conditional generator and ``labels`` are its input classes; they report errors of 3.1% for real
    training images, 6.28% for a GAN and 2.98% for DCGAN (50,000 samples each). For an unconditional generator
    ``labels`` are a classifier's predictions, which is another, easier protocol: say which one was used. Low
    error needs samples that look like their class and show its variety. Compare only with the error of the
    same number of real training images.
    """
    points, queries = _flat(samples, "samples"), _flat(test_images, "test_images")
    classes = as_labels(labels, "labels", count=len(points))
    truth = as_labels(test_labels, "test_labels", count=len(queries))
    _, index = nearest(queries, points)
    return float(np.mean(classes[index[:, 0]] != truth))


@dataclass(frozen=True)
class NearestTraining:
    """Per sample: ``distances`` (n,) to the nearest training image and that image's ``indices`` (n,)."""

    distances: Float64Array
    indices: IntArray

    @property
    def median(self) -> float:
        """Median distance."""
        return float(np.median(self.distances))

    def nearer(self, other: NearestTraining) -> NearestTraining:
        """For each sample, the nearer one of two training images; of equally near ones, the own."""
        own = self.distances <= other.distances
        return NearestTraining(
            np.where(own, self.distances, other.distances), np.where(own, self.indices, other.indices)
        )


def nearest_training(samples: ArrayLike, training: ArrayLike, first: int = 0) -> NearestTraining:
    """Nearest training image of each sample: Euclidean distance of flattened images, exactly 0 for a copy.

    samples (n, ...), training (m, ...); the number of a training image is its row plus ``first``. Read it
    beside the same figure for held-out real images: a generator whose samples are clearly nearer to the
    training set than real images are has memorised.
    """
    squared, index = nearest(_flat(samples, "samples"), _flat(training, "training"))
    return NearestTraining(np.sqrt(squared[:, 0]), first + index[:, 0])


def memorised_share(samples: NearestTraining, held_out: NearestTraining, quantile: float = 0.01) -> float:
    """Share of samples nearer to the training set than the given quantile of held-out real images; in [0, 1].

    A generator that is as far from its training set as fresh real images scores about ``quantile``; one that
    copies scores near 1. After the distance test of Meehan et al. 2020, at a single quantile.
    """
    if not 0.0 < quantile < 1.0:
        raise ValueError(f"quantile must be between 0 and 1, got {quantile}")
    threshold = np.quantile(held_out.distances, quantile)
    return float(np.mean(samples.distances < threshold))


def _flat(images: ArrayLike, name: str) -> NDArray[np.float32]:
    array = np.asarray(images, dtype=np.float32)
    if array.ndim < 2 or len(array) == 0:
        raise ValueError(f"{name} must have shape (n, ...) with n >= 1, got {array.shape}")
    return array.reshape(len(array), -1)
