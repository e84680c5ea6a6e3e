"""Ways of training a GAN on digits, side by side: what claims about layers of images are measured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import log2
from statistics import geometric_mean
from typing import Any

from gans.metrics.classifier import Classifier, load_classifier
from gans.metrics.frechet import Gaussian, fit_gaussian, frechet_between
from gans.study.board.claim import Numbers, Picture
from gans.study.board.comparing import Arm, advanced, over_training
from gans.study.board.digits import digits, started_on_digits
from gans.study.board.toys import samples
from gans.study.board.trial import Trial
from gans.trainer import Training

__all__ = ["SMALL", "compared_on_digits", "over_steps"]

SMALL: dict[str, Any] = {"features": 8, "base": 7, "batch_size": 32}
"""A small DCGAN: maps of 28, 14 and 7 pixels a side, with 8 and 16 channels."""

STEPS, LOOKS, LAST, SAMPLES = 300, 3, 2, 500
"""How long a training is, how often samples are measured, and how many looks at the end are averaged."""


def compared_on_digits(arms: Mapping[str, Arm], steps: int = STEPS) -> Callable[[Trial], Numbers]:
    """A measurement of all ``arms`` with the trial's seed, each for ``steps`` steps on mnist5k.

    Of each arm NAME it gives NAME, the Frechet distance of 500 samples to training digits over the features
    of the shipped classifier, and NAME_curve. ``gain`` is log2 of the first arm's distance over the last
    one's. A training that diverged keeps the samples that it had.
    """

    def measure(trial: Trial) -> Numbers:
        numbers: dict[str, float | list[float]] = {
            "place": [(k + 1) / LOOKS for k in range(trial.cut(LOOKS))]
        }
        ends = []
        for name, arm in arms.items():
            numbers[f"{name}_curve"] = curve = _looks(trial, arm, steps)
            numbers[name] = geometric_mean(curve[-LAST:])
            ends.append(geometric_mean(curve[-LAST:]))
        return {"gain": log2(ends[0] / ends[-1]), **numbers}

    return measure


def over_steps(arms: Mapping[str, Arm]) -> Picture:
    """The distance of each arm's samples over training."""
    return over_training(arms, "Fréchet distance to digits")


def _looks(trial: Trial, arm: Arm, steps: int) -> list[float]:
    """The distance at three evenly spaced steps."""
    training, distances = started_on_digits(trial, arm.model, arm.system, **arm.settings), list[float]()
    for _ in range(trial.cut(LOOKS)):
        alive = advanced(trial, training, trial.cut(steps // LOOKS))
        distances.append(_distance(training) if alive or not distances else distances[-1])
    return distances


def _distance(training: Training) -> float:
    return frechet_between(fit_gaussian(_judge().features(samples(training, SAMPLES))), _real())


@cache
def _judge() -> Classifier:
    return load_classifier()


@cache
def _real() -> Gaussian:
    return fit_gaussian(_judge().features(digits().train(slice(0, 2_000))))
