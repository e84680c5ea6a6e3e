"""What claims on points share: the start of a training, and how good its samples are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import ToyData
from gans.data.spec import spec_of
from gans.data.toys import TOYS, grid_gulrajani, ring
from gans.metrics import mode_coverage, sliced_wasserstein
from gans.study.board.trial import Trial
from gans.systems import System, build, settings_for
from gans.trainer import Training

__all__ = ["covered", "distance", "grid25", "high_quality", "ring8", "samples", "started"]

SAMPLES, DIRECTIONS = 2_000, 16


def grid25() -> ToyData:
    """The grid of 25 Gaussians at about unit variance, with modes wide enough for short runs: std 0.05."""
    return replace(grid_gulrajani(), name="grid25", std=0.05, stds=np.full(25, 0.05))


def ring8() -> ToyData:
    """The ring of eight Gaussians with a standard deviation of 0.05."""
    return replace(ring(std=0.05), name="ring8")


def started(
    trial: Trial, model: str, data: str | ToyData, system: type[System] | None = None, **settings: Any
) -> tuple[Training, ToyData]:
    """A training from its first step, and its data; ``system`` stands in for the one of that name."""
    toy = TOYS[data]() if isinstance(data, str) else data
    chosen = settings_for(model, "points", **settings)
    mg.manual_seed(trial.seed)
    made = build(chosen, toy.shape) if system is None else system(chosen, spec_of(toy))
    return Training(made, toy, trial.seed), toy


def samples(training: Training, count: int = SAMPLES) -> NDArray[np.float32]:
    """``count`` samples, always from the same noise."""
    made: NDArray[np.float32] = training.system.sample(count, np.random.default_rng(12345)).samples
    return made


def distance(training: Training, toy: ToyData, count: int = SAMPLES) -> float:
    """The sliced W1 of samples and fresh data, on the line W1 itself."""
    real = toy.sample(count, np.random.default_rng(54321))
    return sliced_wasserstein(samples(training, count), real, directions=DIRECTIONS)


def covered(training: Training, toy: ToyData, share: float = 0.2) -> int:
    """The modes that get at least ``share`` of the samples that they get from the data.

    A sample belongs to a mode within 3 of its standard deviations.
    """
    assert toy.modes is not None
    found = mode_coverage(samples(training), toy.modes, toy.std)
    return int(np.count_nonzero(found.counts >= share * SAMPLES / len(toy.modes)))


def high_quality(training: Training, toy: ToyData) -> float:
    """The share of samples within 3 standard deviations of a mode."""
    assert toy.modes is not None
    return mode_coverage(samples(training), toy.modes, toy.std).high_quality
