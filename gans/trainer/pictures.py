"""Pictures of a run: samples from fixed noise, their animation, and the curves of its metrics."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from gans import plots
from gans.data import Dataset, ToyData
from gans.files import write
from gans.systems import Gan
from gans.terminal import note
from gans.trainer.callback import Callback
from gans.trainer.folder import RunFolder
from gans.trainer.loop import Record, Training
from gans.trainer.metrics_log import read_metrics
from gans.trainer.randomness import random_stream

__all__ = ["Curves", "Samples", "sample_picture"]

Samples32 = np.ndarray[Any, np.dtype[np.float32]]

FIXED_IMAGES = 64
FIXED_POINTS = 2_500
REDRAW_SECONDS = 30.0


class Samples(Callback):
    """Draws G's samples from one fixed z: before training, after each epoch, and at the end.

    ``name`` is the run's in the titles. One more picture is drawn halfway through the first epoch, where
    samples change most.
    """

    def __init__(self, folder: RunFolder, data: Dataset, name: str) -> None:
        self._folder = folder
        self._name = name
        self._toy = data if isinstance(data, ToyData) else None

    def on_start(self, training: Training) -> None:
        if training.step == 0:
            self._draw(training)

    def due(self, training: Training) -> bool:
        return training.at_epoch_end or _is_early(training)

    def on_step(self, training: Training, record: Record) -> None:
        if record.step == training.step and self.due(training):
            early = not training.at_epoch_end
            self._draw(training, self._folder.picture(0, training.step) if early else None)

    def on_end(self, training: Training) -> None:
        if not training.at_epoch_end:
            self._draw(training)

    def _draw(self, training: Training, path: Path | None = None) -> None:
        """Draw the samples into ``path``, or the file of the epoch."""
        gan = training.gan
        count = FIXED_IMAGES if self._toy is None else FIXED_POINTS
        z = gan.latent(count, random_stream(training.seed, "fixed noise"))
        title = f"{self._name}, epoch {training.epoch}, step {training.step:,}"
        picture = sample_picture(gan, gan.generate(z), self._toy, title, training.seed)
        write(path or self._folder.picture(training.epoch), picture)


def _is_early(training: Training) -> bool:
    """Whether half of the first epoch is done."""
    return training.step == training.steps_per_epoch // 2 > 0


class Curves(Callback):
    """Draws losses.png and the animation: at the end, and after an epoch if they are old by then."""

    def __init__(self, folder: RunFolder, title: str, gan: Gan) -> None:
        self._folder = folder
        self._title = title
        self._probabilities = gan.judges_by_probability
        self._drawn = monotonic()
        self._passed_over: set[Path] = set()

    def due(self, training: Training) -> bool:
        return training.at_epoch_end and monotonic() - self._drawn > REDRAW_SECONDS

    def on_step(self, training: Training, record: Record) -> None:
        if record.step == training.step and self.due(training):
            self.draw()

    def on_end(self, training: Training) -> None:
        self.draw()

    def draw(self) -> None:
        """Draw both from the files of the run."""
        records = read_metrics(self._folder.metrics)
        if records:
            write(self._folder.losses, plots.training_curves(records, self._title, self._probabilities))
        frames = {words: path for path, words in self._folder.pictures().items()}
        moving = plots.animation(frames, self._pass_over) if frames else None
        if moving is not None:
            write(self._folder.animation, moving)
        self._drawn = monotonic()

    def _pass_over(self, path: Path) -> None:
        if path not in self._passed_over:
            self._passed_over.add(path)
            note(f"{path}: no picture that can be read; {self._folder.animation.name} goes without it")


def sample_picture(gan: Gan, samples: Samples32, toy: ToyData | None, title: str, seed: int) -> bytes:
    """PNG of images as a grid; of points among those of ``toy``, with its modes or its density, and D."""
    if toy is None:
        return plots.image_grid(samples)
    real = toy.sample(FIXED_POINTS, random_stream(seed, "plots"))
    surface = plots.Surface(gan.judge, gan.judges_by_probability)
    if toy.shape == (1,):
        exact = toy.log_density if toy.modes is not None else None
        return plots.density(samples, real, title, exact, surface)
    return plots.scatter(samples, real, title, toy.modes, toy.stds, surface)
