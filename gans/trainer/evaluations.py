"""Figures of a run's samples during its training: their log, evaluations.jsonl, and the best checkpoint.

A training with evaluations is the same as one without, bit for bit: samples are measured with the noise of a
stream of their own, and minigrad's generator is put back.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import minigrad as mg
from gans.data import Dataset
from gans.errors import UserError
from gans.evaluation import Evaluation, UnmeasurableError, check_measurable, figures_of, measure
from gans.messages import one_line
from gans.metrics import cost
from gans.systems import find
from gans.terminal import note
from gans.trainer.callback import Callback
from gans.trainer.checkpoints import restore
from gans.trainer.config import RunConfig
from gans.trainer.display import Display
from gans.trainer.folder import RunFolder
from gans.trainer.loop import Record, Training
from gans.trainer.metrics_log import LinesFile, read_metrics
from minigrad import random

__all__ = ["BestCheckpoint", "Evaluations", "check_evaluations"]


def check_evaluations(config: RunConfig, data: Dataset) -> None:
    """Refuse, before any work, evaluations that cannot be made or cannot choose a best checkpoint.

    Raises UserError if ``data`` have too little to measure samples against, or ``keep_best`` is no figure of
    these samples that says which one is better.
    """
    name, system = config.keep_best, find(config.model)
    if config.evaluate_every:
        check_measurable(system, data)
    elif name is not None:
        raise UserError(
            f"`keep_best` {one_line(name, 40)} needs `evaluate_every`: the best checkpoint is one of those "
            "whose samples are measured"
        )
    known = figures_of(system, data)
    if name is not None and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
        raise UserError(
            f"no figure of {config.title} for `keep_best` is called {one_line(repr(name), 40)}; {hint}"
        )


class Evaluations(LinesFile, Callback):
    """Measures samples after every ``evaluate_every`` epochs, and appends the figures to ``path`` as a line.

    It must come before the checkpoints among the callbacks: a resumed run then repeats what a killed one had
    measured after its last checkpoint, and loses nothing. ``latest`` is the last line of this process.
    """

    def __init__(self, path: Path, config: RunConfig, data: Dataset, display: Display) -> None:
        super().__init__(path)
        self._config = config
        self._data = data
        self._display = display
        self.latest: dict[str, Any] = {}

    def due(self, training: Training) -> bool:
        return training.at_epoch_end and training.epoch % self._config.evaluate_every == 0

    def on_step(self, training: Training, record: Record) -> None:
        if record.step != training.step or not self.due(training):
            return
        began = monotonic()
        try:
            figures = self._measured(training)
        except UnmeasurableError as error:
            note(f"step {training.step:,}: {error}")
            return
        seconds = round(monotonic() - began, 3)
        self.latest = {"step": record.step, "epoch": record.epoch, **figures, "seconds": seconds}
        self.write(self.latest)
        self._display.evaluated(record, figures)

    def _measured(self, training: Training) -> Evaluation:
        """What ``gans.evaluate`` with the run's seed gives for a run that ends here."""
        config, show = self._config, self._display.measuring
        with _random_numbers_put_back():
            return measure(training.system, config.title, self._data, None, config.seed, progress=show)


class BestCheckpoint(Callback):
    """Keeps a checkpoint beside the last one: that with the best ``keep_best`` of all that were measured.

    It must come after the checkpoints among the callbacks. A process that is killed between the two files
    then leaves the best one to the resumed run, whose state is the one to keep.
    """

    def __init__(self, folder: RunFolder, config: RunConfig, data: Dataset, evaluations: Evaluations) -> None:
        assert config.keep_best is not None
        self._folder = folder
        self._name = config.keep_best
        self._meaning = figures_of(find(config.model), data)[config.keep_best]
        self._evaluations = evaluations
        self._least: float | None = None

    def due(self, training: Training) -> bool:
        return False  # it follows the evaluations, which are due themselves

    def on_start(self, training: Training) -> None:
        lines = {line["step"]: line for line in read_metrics(self._folder.evaluations)}
        self._least = self._cost(lines.get(self._kept_step(training), {}))
        self._keep_if_best(training, lines.get(training.step, {}))

    def on_step(self, training: Training, record: Record) -> None:
        latest = self._evaluations.latest
        if record.step == training.step == latest.get("step"):
            self._keep_if_best(training, latest)

    def _keep_if_best(self, training: Training, figures: dict[str, Any]) -> None:
        found = self._cost(figures)
        if found is not None and (self._least is None or found < self._least):
            mg.save(self._folder.best, training.state_dict())
            self._least = found

    def _cost(self, figures: dict[str, Any]) -> float | None:
        return cost(figures, self._name, self._meaning)

    def _kept_step(self, training: Training) -> int | None:
        """The step of the best checkpoint; None if there is none that can be read."""
        if not self._folder.best.exists():
            return None
        try:
            return restore(self._folder.best, training.system, lambda state: None)
        except UserError as error:
            note(f"{error}; the next evaluation replaces it")
            return None


@contextmanager
def _random_numbers_put_back() -> Iterator[None]:
    """A block after which minigrad's generator is where it was."""
    state = random.get_state()
    try:
        yield
    finally:
        random.set_state(state)
