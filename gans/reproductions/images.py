"""What experiments on images share: MNIST as a whole, its first images, and the start of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import Dataset, ImageData, load
from gans.data.images import image_data
from gans.data.spec import spec_of
from gans.errors import UserError
from gans.reproductions.trial import Trial
from gans.systems import Ask, System
from gans.trainer import Training
from minigrad import nn

__all__ = ["begun", "first_images", "samples", "whole_mnist", "with_networks"]

TRAINING, TESTS = 60_000, 10_000


def whole_mnist(trial: Trial) -> ImageData:
    """MNIST. Raises UserError for a part of it."""
    data = load("mnist", trial.data_dir)
    assert isinstance(data, ImageData)
    if (len(data), data.tests) != (TRAINING, TESTS):
        raise UserError(
            "the protocol needs MNIST's 60,000 training and 10,000 test images, "
            f"got {len(data):,} and {data.tests:,}"
        )
    return data


def first_images(data: ImageData, count: int) -> ImageData:
    """The set with its first ``count`` training images alone, and all test images."""
    return image_data(data.name, data.images[:count], data.labels[:count], data.test_images, data.test_labels)


def with_networks(system: type[System], networks: Callable[..., dict[str, nn.Module]]) -> type[System]:
    """The system with other networks, those of a paper."""
    return type(system.__name__, (system,), {"networks": staticmethod(networks)})


def begun(system: type[System], settings: Any, data: Dataset, trial: Trial) -> Training:
    """A training of ``system`` from its first step, with the trial's seed."""
    mg.manual_seed(trial.seed)
    return Training(system(settings, spec_of(data)), data, trial.seed)


def samples(training: Training, count: int, classes: NDArray[np.int64] | None = None) -> NDArray[Any]:
    """``count`` samples, always from the same noise; of ``classes`` (count,) if they are given."""
    return training.system.sample(count, np.random.default_rng(12345), Ask(classes=classes)).samples
