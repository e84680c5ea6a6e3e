"""One training, whose losses are compared with how good its samples are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gans.data import ToyData
from gans.metrics import sliced_wasserstein
from gans.study.board.toys import DIRECTIONS, SAMPLES, distance, grid25, started
from gans.study.board.trial import Trial

__all__ = ["floor", "watched"]

STEPS, EVERY = 1_500, 25


def watched(trial: Trial, data: Callable[[], ToyData] = grid25) -> dict[str, list[float]]:
    """The curves of a GAN's training: the losses, each a mean over 25 steps, and the samples' distance."""
    training, toy = started(trial, "gan", data(), width=64, batch_size=128)
    curves: dict[str, list[float]] = {"step": [], "loss_d": [], "loss_g": [], "distance": []}
    every = trial.cut(EVERY)
    for _ in range(trial.cut(STEPS // EVERY, 4)):
        trial.check()
        records = [training.advance()[0] for _ in range(every)]
        curves["step"].append(float(training.step))
        for name in ("loss_d", "loss_g"):
            curves[name].append(float(np.mean([record.numbers[name] for record in records])))
        curves["distance"].append(distance(training, toy))
    return curves


def floor(toy: ToyData) -> float:
    """The distance of two sets of real points."""
    one, other = (toy.sample(SAMPLES, np.random.default_rng(seed)) for seed in (1, 2))
    return sliced_wasserstein(one, other, directions=DIRECTIONS)
