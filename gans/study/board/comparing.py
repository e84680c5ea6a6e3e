"""Ways of training a GAN on points, side by side: what most claims about tricks are measured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log2
from statistics import fmean, geometric_mean
from typing import Any

from gans.data import ToyData
from gans.study.board.claim import Effect, Numbers, Picture
from gans.study.board.pictures import curves
from gans.study.board.toys import covered, distance, grid25, started
from gans.study.board.trial import Trial
from gans.systems import System
from gans.trainer import DivergedError, Training

__all__ = ["GAIN", "Arm", "advanced", "compared", "over_training"]

BASE: dict[str, Any] = {"width": 64, "batch_size": 128}
"""Small networks: two hidden layers of 64 units."""

LOOKS, LAST = 10, 3
"""How often samples are measured, and how many of these looks at the end are averaged."""

GAIN = Effect(name="gain", words="halvings of the distance", at_least=0.32)
"""The last arm's samples are nearer than the first one's by a fifth: log2(1.25) = 0.32."""


@dataclass(frozen=True)
class Arm:
    """A way of training: its words in the picture, and what differs from the others.

    ``steps`` is its own length. ``system`` stands in for that of ``model``.
    """

    words: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: str = "gan"
    system: type[System] | None = None
    steps: int | None = None


def compared(
    arms: Mapping[str, Arm], data: Callable[[], ToyData] = grid25, steps: int = 1_500
) -> Callable[[Trial], Numbers]:
    """A measurement of all ``arms`` with the trial's seed, each for ``steps`` steps on ``data``.

    Of each arm NAME it gives NAME, the sliced W1 of its samples and the data at the end, NAME_modes, the
    modes that it covers then, and NAME_curve. ``gain`` is log2 of the first arm's distance over the last
    one's, ``more_modes`` the last one's modes minus the first one's. A training that diverged keeps the
    samples that it had.
    """

    def measure(trial: Trial) -> Numbers:
        numbers: dict[str, float | list[float]] = {
            "place": [(k + 1) / LOOKS for k in range(trial.cut(LOOKS))]
        }
        for name, arm in arms.items():
            distances, modes = _looks(trial, arm, data(), arm.steps or steps)
            numbers[f"{name}_curve"] = distances
            numbers[name] = geometric_mean(distances[-LAST:])
            numbers[f"{name}_modes"] = fmean(modes[-LAST:])
        first, last = next(iter(arms)), list(arms)[-1]
        numbers["gain"] = log2(_number(numbers, first) / _number(numbers, last))
        numbers["more_modes"] = _number(numbers, f"{last}_modes") - _number(numbers, f"{first}_modes")
        return numbers

    return measure


def over_training(arms: Mapping[str, Arm], label: str = "sliced W1 to the data") -> Picture:
    """The distance of each arm's samples over training."""
    names = {f"{name}_curve": arm.words for name, arm in arms.items()}
    return curves("place", label, names, over="share of the training", log=True)


def _looks(trial: Trial, arm: Arm, toy: ToyData, steps: int) -> tuple[list[float], list[float]]:
    """The distance and the modes covered, at ten evenly spaced steps."""
    training, _ = started(trial, arm.model, toy, arm.system, **{**BASE, **arm.settings})
    distances, modes = list[float](), list[float]()
    for _ in range(trial.cut(LOOKS)):
        alive = advanced(trial, training, trial.cut(steps // LOOKS))
        if alive or not distances:
            distances.append(distance(training, toy))
            modes.append(float(covered(training, toy)))
        else:
            distances.append(distances[-1])
            modes.append(modes[-1])
    return distances, modes


def advanced(trial: Trial, training: Training, steps: int) -> bool:
    """Whether the training took the steps without a NaN."""
    try:
        for _ in range(steps):
            training.advance()
            trial.check()
    except DivergedError:
        return False
    return True


def _number(numbers: Mapping[str, float | list[float]], name: str) -> float:
    value = numbers[name]
    assert isinstance(value, float)
    return value
