"""The run's checkpoint: one file, always whole, always the latest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import minigrad as mg
from gans.errors import UserError
from gans.trainer.loop import Callback, Record, Training

__all__ = ["Checkpoints", "load_checkpoint", "restore"]

_REMEDY = "put back a copy, or delete it and `gans train --resume` begins the run anew from its seed"


class Checkpoints(Callback):
    """Saves the training at its start, every ``every`` steps, at each epoch's end and at the end.

    ``before`` is called ahead of each save: what the steps left elsewhere must be on the disk by then.
    ``saved_step`` is the step of the latest checkpoint.
    """

    def __init__(self, path: Path, every: int, before: Callable[[], None]) -> None:
        self._path = path
        self._every = every
        self._before = before
        self.saved_step = -1

    def on_start(self, training: Training) -> None:
        if training.step == 0:
            self._save(training)
        self.saved_step = training.step

    def due(self, training: Training) -> bool:
        return training.step % self._every == 0 or training.at_epoch_end

    def on_step(self, training: Training, record: Record) -> None:
        if record.step == training.step and self.due(training):
            self._save(training)

    def on_end(self, training: Training) -> None:
        if training.step != self.saved_step:
            self._save(training)

    def _save(self, training: Training) -> None:
        self._before()
        mg.save(self._path, training.state_dict())
        self.saved_step = training.step


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state that `Checkpoints` saved last.

    :raises UserError: there is none, or it is damaged
    """
    try:
        state = mg.load(path)
    except FileNotFoundError:
        raise UserError(f"{path.parent}: no checkpoint there yet ({path.name} is missing)") from None
    except mg.CheckpointError as error:
        raise UserError(f"{error}; {_REMEDY}") from error
    if set(state) != {"step", "random", "gan"}:
        held = ", ".join(sorted(state)[:5])
        raise UserError(f"{path}: not a checkpoint of a run (it holds {held}); {_REMEDY}")
    return state


def restore(path: Path, load: Callable[[dict[str, Any]], None]) -> int:
    """Hand the checkpoint's state to ``load``; the step that it was saved after.

    :raises UserError: there is no checkpoint, it is damaged, or it belongs to another run
    """
    state = load_checkpoint(path)
    try:
        load(state)
        return int(state["step"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: does not fit the run's config.json: {error}; {_REMEDY}") from error
