"""The run's checkpoint: one file, always whole, always the latest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

import minigrad as mg
from gans.errors import UserError
from gans.files import damaged, fitted, reading
from gans.systems import System
from gans.trainer.callback import Callback
from gans.trainer.config import MOST_STEPS
from gans.trainer.loop import Record, Training
from gans.trainer.metrics_log import LinesFile
from minigrad import nn
from minigrad.optim import Optimizer

__all__ = ["Checkpoints", "load_checkpoint", "restore"]

_REMEDY = "put back a copy, or delete it and `resume` begins the run anew from its seed"

_BYTES_PER_WEIGHT = 64  # a weight and its optimizer's averages have 12 or 24
_BYTES_BESIDE = 2**22


class Checkpoints(Callback):
    """Saves the training at its start, every ``every`` steps, at each epoch's end and at the end.

    ``logs`` are written through to the disk ahead of each save, since they have the lines of these steps.
    ``saved_step`` is the step of the latest checkpoint.
    """

    def __init__(self, path: Path, every: int, logs: Sequence[LinesFile]) -> None:
        self._path = path
        self._every = every
        self._logs = logs
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
        for log in self._logs:
            log.sync()
        mg.save(self._path, training.state_dict())
        self.saved_step = training.step


class _State(msgspec.Struct, forbid_unknown_fields=True):
    """The content of a checkpoint; each of the ``parts`` checks its own."""

    step: Annotated[int, msgspec.Meta(ge=0, le=MOST_STEPS)]
    random: dict[str, Any]
    parts: dict[str, dict[str, Any]]


def load_checkpoint(path: Path, most: int) -> dict[str, Any]:
    """The state that ``Checkpoints`` saved last, of at most ``most`` bytes.

    Raises UserError if there is none, it is damaged, or it is no checkpoint of a run.
    """
    try:
        state = mg.load(path, max_bytes=most)
    except FileNotFoundError:
        raise UserError(f"{path.parent}: no checkpoint there yet ({path.name} is missing)") from None
    except mg.CheckpointError as error:
        raise damaged(path, str(error).removeprefix(f"{path}: "), _REMEDY, "") from error
    if "gan" in state and "parts" not in state:  # in runs of config.json's format 1
        state["parts"] = state.pop("gan")
    if set(state) != set(_State.__struct_fields__):
        held = ", ".join(sorted(state)[:5])
        raise damaged(path, f"it holds {held}", _REMEDY, "not a checkpoint of a run")
    return state


def restore(
    path: Path, system: System, load: Callable[[dict[str, Any]], None], steps: int = MOST_STEPS
) -> int:
    """Pass the checkpoint's state to ``load``, and return the step after which it was saved.

    ``system`` bounds its size, ``steps`` its step.

    Raises UserError if there is no checkpoint, it is damaged, has values that no training saves, or belongs
    to another run.
    """
    state = load_checkpoint(path, _most_bytes(system))
    with reading(path, _REMEDY, "does not fit the run's config.json"):
        checked = fitted(state, _State)
        if checked.step > steps:
            raise ValueError(f"it was saved after step {checked.step:,} of {steps:,}")
        for name, part in checked.parts.items():
            _check_numbers(part, name, finite=True)
        load(state)
    return checked.step


def _most_bytes(system: System) -> int:
    """The most bytes that a checkpoint of the system can have."""
    weights = others = 0
    for part in system.parts().values():
        if isinstance(part, nn.Module):
            weights += sum(p.size for p in part.parameters())
        elif not isinstance(part, Optimizer):
            others += _bytes_in(part.state_dict())
    return _BYTES_PER_WEIGHT * weights + 4 * others + _BYTES_BESIDE


def _bytes_in(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_bytes_in, value.values() if isinstance(value, dict) else value))
    return value.nbytes if isinstance(value, np.ndarray) else 64


def _check_numbers(value: Any, name: str, *, finite: bool) -> None:
    """Raise ValueError for NaN in an array below ``value``, or infinity in one right in a part: weights."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_numbers(item, f"{name}.{key}", finite=finite and not isinstance(item, dict | list))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_numbers(item, f"{name}.{index}", finite=False)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
        wrong = ~np.isfinite(value) if finite else np.isnan(value)
        if wrong.any():
            raise ValueError(f"{name} holds {'NaN or infinity' if finite else 'NaN'}")
