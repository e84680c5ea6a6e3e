"""Pictures of a run: samples from fixed noise, their animation, and the curves of its metrics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from gans import plots
from gans.asks import ask_of
from gans.data import Dataset, ToyData
from gans.data.layouts import label_colours
from gans.files import write
from gans.metrics import of_real
from gans.streams import random_stream
from gans.systems import Ask, Made, System
from gans.terminal import note
from gans.trainer.callback import Callback
from gans.trainer.folder import RunFolder
from gans.trainer.loop import Record, Training
from gans.trainer.metrics_log import read_metrics

__all__ = ["Curves", "Samples", "sample_picture", "shown"]

Samples32 = np.ndarray[Any, np.dtype[np.float32]]

FIXED_IMAGES = 64
FIXED_POINTS = 2_500
TRANSLATED = 32
CLIPS = 5
REDRAW_SECONDS = 30.0


class Samples(Callback):
    """Draws samples from one fixed noise: before training, after each epoch, and at the end.

    ``name`` is the run's in the titles. One more picture is drawn halfway through the first epoch, where
    samples change most.
    """

    def __init__(self, folder: RunFolder, data: Dataset, name: str) -> None:
        self._folder = folder
        self._name = name
        self._data = data

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
        system = training.system
        title = f"{self._name}, epoch {training.epoch}, step {training.step:,}"
        made = shown(system, self._data, random_stream(training.seed, "fixed noise"))
        toy = self._data if isinstance(self._data, ToyData) else None
        picture = sample_picture(system, made, toy, title, training.seed)
        write(path or self._folder.picture(training.epoch), picture)


def _is_early(training: Training) -> bool:
    """Whether half of the first epoch is done."""
    return training.step == training.steps_per_epoch // 2 > 0


class Curves(Callback):
    """Draws losses.png, figures.png and the animation: at the end, and after an epoch if they are old then.

    ``figures`` are the names of those in figures.png, if the run has evaluations.
    """

    def __init__(self, folder: RunFolder, title: str, system: System, figures: Iterable[str] = ()) -> None:
        self._folder = folder
        self._figures = tuple(figures)
        self._title = title
        self._probabilities = system.judges_by_probability
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
        """Draw them from the files of the run."""
        records = read_metrics(self._folder.metrics)
        if records:
            write(self._folder.losses, plots.training_curves(records, self._title, self._probabilities))
        measured = read_metrics(self._folder.evaluations)
        if measured:
            beside = {name: of_real(measured[-1], name) for name in self._figures}
            write(self._folder.figures, plots.figure_curves(measured, beside, self._title))
        frames = {words: path for path, words in self._folder.pictures().items()}
        moving = plots.animation(frames, self._pass_over) if frames else None
        if moving is not None:
            write(self._folder.animation, moving)
        self._drawn = monotonic()

    def _pass_over(self, path: Path) -> None:
        if path not in self._passed_over:
            self._passed_over.add(path)
            note(f"{path}: no picture that can be read; {self._folder.animation.name} goes without it")


def shown(system: System, data: Dataset, rng: np.random.Generator) -> Made:
    """The samples of a run's pictures. A system gets the first test images, to translate or to show too."""
    kind = system.spec.kind
    count = {"points": FIXED_POINTS, "clips": CLIPS}.get(kind, FIXED_IMAGES)
    if "sources" in system.asks or kind == "domains":
        ask = ask_of(data, CLIPS if kind == "clips" else TRANSLATED)
    else:
        ask = Ask(real=_real(data, FIXED_IMAGES))
    with system.evaluating():
        return system.show(count, rng, ask)


def _real(data: Any, n: int) -> Samples32 | None:
    """The first ``n`` test images, or training images without those; None of data of another kind."""
    if data.kind not in ("image", "partial"):
        return None
    images: Samples32 = data.train(slice(0, n)) if "test images" in data.missing else data.test(slice(0, n))
    return images


def sample_picture(system: System, made: Made, toy: ToyData | None, title: str, seed: int) -> bytes:
    """PNG of images as a grid, of translations beside what they were made from, of tokens as colours.

    A clip is a row of frames, under its map and over the real clip.
    Points are drawn among those of ``toy``, with its modes or its density, and D.
    """
    samples = made.samples
    if toy is not None:
        return _points(system, samples, toy, title, seed)
    if samples.ndim == 2:
        return plots.token_grid(samples, system.spec.vocabulary)
    sources = [] if made.sources is None else [_drawable(made.sources)]
    beside = [*sources, samples, *([] if made.targets is None else [made.targets])]
    if samples.ndim == 5:
        return plots.clip_rows(beside)
    return plots.image_rows(beside, made.columns) if sources else plots.image_grid(samples, made.columns)


def _drawable(images: Samples32) -> Samples32:
    """Images in grey or colour; label maps in a colour for each class."""
    return images if images.shape[-3] in (1, 3) else label_colours(images)


def _points(system: System, samples: Samples32, toy: ToyData, title: str, seed: int) -> bytes:
    real = toy.sample(FIXED_POINTS, random_stream(seed, "plots"))
    judges = system.judge(samples[:1]) is not None
    surface = plots.Surface(system.judge, system.judges_by_probability) if judges else None  # type: ignore[arg-type]
    if toy.shape == (1,):
        exact = toy.log_density if toy.modes is not None else None
        return plots.density(samples, real, title, exact, surface)
    return plots.scatter(samples, real, title, toy.modes, toy.stds, surface)
