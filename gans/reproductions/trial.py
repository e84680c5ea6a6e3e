"""One trial of a row: it goes on from its folder as if it had never stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import minigrad as mg
from gans.errors import UserError
from gans.files import damaged, reading
from gans.jobs import StoppedError
from gans.trainer import Callback, Record, Training, train

__all__ = ["Trial"]

SECONDS_BETWEEN_LINES = 60.0

Measure = Callable[[Training], Mapping[str, float]]


class Trial:
    """One trial: its seed, its length in steps, and the folder that keeps its training.

    ``settings`` are those of its row. ``stop`` is called after each step and says whether to save and stop;
    ``progress`` gets a line now and then.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        steps: int = 0,
        settings: Mapping[str, Any] | None = None,
        *,
        data_dir: str | None = None,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.steps = steps
        self.settings = dict(settings or {})
        self.data_dir = data_dir
        self.stop = stop
        self.progress = progress
        self.trace: dict[str, list[float]] = {}
        self._earlier = self._cpu_earlier = 0.0
        self._started, self._cpu_started = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        """The time that the trial has taken so far, in all processes that worked on it."""
        return self._earlier + time.monotonic() - self._started

    @property
    def cpu_seconds(self) -> float:
        """The time of the processor in all of them: other programs on the machine do not lengthen it."""
        return self._cpu_earlier + time.process_time() - self._cpu_started

    def goes_on_after(self, seconds: float, cpu_seconds: float) -> None:
        """Count the time that earlier processes took."""
        self._earlier = max(self._earlier, seconds)
        self._cpu_earlier = max(self._cpu_earlier, cpu_seconds)

    def train(
        self,
        training: Training,
        steps: int | None = None,
        *,
        name: str = "training",
        before: Callable[[Training], object] = lambda training: None,
        measure: Measure | None = None,
        every: int = 0,
        save_every: int = 1_000,
    ) -> dict[str, list[float]]:
        """Advance ``training`` to ``steps`` steps, the trial's length unless given.

        It goes on from the file NAME.safetensors of the trial's folder, if that is there, and saves into it
        every ``save_every`` steps. ``before`` is called ahead of the first step. Every ``every`` steps
        ``measure`` gives figures by name. Returns these, each as a list over training, with ``step``; they
        are kept with the training, and become the trial's ``trace``.

        Raises StoppedError if the trial has to stop, UserError if the file is damaged or of other settings,
        DivergedError if a loss or a gradient is not finite.
        """
        length = self.steps if steps is None else steps
        keeper = _Keeper(self, self.folder / f"{name}.safetensors", length, measure, every, save_every)
        if not keeper.restore(training):
            before(training)
        train(training, length, keeper, self.stop)
        if training.step < length:
            raise StoppedError
        self.trace = keeper.trace
        return keeper.trace

    def clear(self) -> None:
        """Remove the trainings, which a trial with its result no longer needs."""
        for path in self.folder.glob("*.safetensors"):
            path.unlink()


class _Keeper(Callback):
    """Measures and saves a trial's training, and reports how far it is."""

    def __init__(
        self, trial: Trial, path: Path, steps: int, measure: Measure | None, every: int, save_every: int
    ) -> None:
        self.trace: dict[str, list[float]] = {}
        self._trial, self._path, self._steps = trial, path, steps
        self._measure, self._every, self._save_every = measure, every, save_every
        self._began = 0
        self._clock = self._shown = time.monotonic()

    def restore(self, training: Training) -> bool:
        """Whether there was a saved training, from which ``training`` now goes on."""
        remedy = f"delete the folder {self._path.parent}, and the trial begins anew"
        try:
            state = mg.load(self._path)
        except FileNotFoundError:
            return False
        except mg.CheckpointError as error:
            raise damaged(self._path, str(error).removeprefix(f"{self._path}: "), remedy, "") from error
        with reading(self._path, remedy):
            if state["settings"] != self._trial.settings:
                raise UserError("it was begun with other settings")
            self.trace = {name: [float(value) for value in values] for name, values in state["trace"].items()}
            self._trial.goes_on_after(float(state["seconds"]), float(state["cpu_seconds"]))
            training.load_state_dict(state["training"])
        self._began = training.step
        return True

    def due(self, training: Training) -> bool:
        return training.step % self._save_every == 0 or self._is_measured(training.step)

    def on_step(self, training: Training, record: Record) -> None:
        if record.step != training.step:
            return
        if self._is_measured(record.step):
            assert self._measure is not None
            for name, value in {"step": record.step, **self._measure(training)}.items():
                self.trace.setdefault(name, []).append(value)
        if record.step % self._save_every == 0:
            self._save(training)
        self._show(record.step)

    def on_end(self, training: Training) -> None:
        self._save(training)

    def _is_measured(self, step: int) -> bool:
        return self._measure is not None and self._every > 0 and step % self._every == 0

    def _save(self, training: Training) -> None:
        state = {
            "training": training.state_dict(),
            "trace": self.trace,
            "seconds": self._trial.seconds,
            "cpu_seconds": self._trial.cpu_seconds,
            "settings": self._trial.settings,
        }
        mg.save(self._path, state)

    def _show(self, step: int) -> None:
        now = time.monotonic()
        if now - self._shown < SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        left = (now - self._clock) / (step - self._began) * (self._steps - step) / 60
        self._trial.progress(f"{step:,} of {self._steps:,} steps, about {left:,.0f} minutes left")
