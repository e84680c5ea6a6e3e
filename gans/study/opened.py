"""A training step opened: each of its updates with the trace of every op and gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from gans.data import load
from gans.errors import UserError
from gans.systems import System, find, settings_for
from gans.systems.system import precision
from gans.trainer import Length, RunConfig, RunFolder, Schedule, Training, load_data, new_config, new_training
from gans.trainer.checkpoints import restore
from gans.updates import BoundUpdate
from minigrad import Tensor, nn
from minigrad.inspect import Trace

__all__ = ["OpenedStep", "OpenedUpdate", "open_step", "open_updates"]

MOST_STEPS = 100_000
"""Steps that are trained ahead of the one that is opened, at most."""


class OpenedUpdate(NamedTuple):
    """An update of the step: its ``name``, its trace with all arrays, and the numbers that it reported."""

    name: str
    trace: Trace
    numbers: dict[str, float]


@dataclass
class OpenedStep:
    """A step of a training: ``number`` counts from 1; ``source`` says of what training in a few words.

    ``system`` is the system after the step.
    """

    model: str
    title: str
    source: str
    number: int
    system: System
    updates: list[OpenedUpdate]


def open_step(
    what: str | Path,
    data: str | None = None,
    *,
    step: int | None = None,
    seed: int = 0,
    data_dir: str | None = None,
    double: bool = False,
    progress: Callable[[str], object] = lambda text: None,
    **settings: Any,
) -> OpenedStep:
    """Open one step of a run, or of a training of ``what`` that begins anew.

    what       the folder of a run, which is not changed, or a model's name, such as "dcgan"
    data       as for ``gans.train``; for a model only
    step       the number of the step, from 1; of a run the first one after its checkpoint unless given, else
               the first one of all. The steps ahead of it are trained
    double     compute in float64, as ``minigrad.inspect.differences_of`` needs it
    progress   called with a few words now and then
    settings   the model's own, such as ``batch_size``

    Raises UserError as ``gans.train`` does, and for a step that lies before a run's checkpoint.

    >>> opened = open_step("gan", "ring", step=3, batch_size=16)
    >>> [(update.name, len(update.trace.walks)) for update in opened.updates]
    [('discriminator', 2), ('generator', 2)]
    """
    config, checkpoint = _config(what, data, seed, data_dir, settings)
    loaded = load_data(config, data_dir)
    with precision(np.float64 if double else np.float32):
        training = new_training(config, loaded)
    if checkpoint is not None:
        restore(checkpoint, training.system, training.load_state_dict)
    number = training.step + 1 if step is None else step
    if not training.step < number <= training.step + MOST_STEPS:
        raise UserError(
            f"`step` must be from {training.step + 1:,} to {training.step + MOST_STEPS:,}, got {number:,}: "
            f"the training stands after step {training.step:,}"
        )
    while training.step < number - 1:
        if training.step % 100 == 0:
            progress(f"training, step {training.step:,} of {number - 1:,}")
        training.advance()
    progress("opening the step")
    updates = open_updates(training)
    where = f"the run {Path(what).name}" if checkpoint is not None else f"{config.data}, seed {config.seed}"
    return OpenedStep(config.model, find(config.model).title, where, number, training.system, updates)


def _config(
    what: str | Path, data: str | None, seed: int, data_dir: str | None, settings: dict[str, Any]
) -> tuple[RunConfig, Path | None]:
    """The configuration, and the checkpoint from which it goes on."""
    if (Path(what) / "config.json").exists():
        if data is not None or settings:
            given = "data" if data is not None else min(settings)
            raise UserError(f"`{given}` is for a model; the run {what} has its own")
        return RunConfig.read(Path(what)), RunFolder(Path(what)).checkpoint
    system = find(str(what))
    name = system.data if data is None else data
    loaded = load(name, data_dir)
    chosen = settings_for(str(what), loaded.kind, **settings)
    length = Length(steps=1)
    made = new_config(
        chosen, loaded, length, name=name, data_dir=data_dir, seed=seed, schedule=Schedule(), device="cpu"
    )
    return made, None


def open_updates(training: Training) -> list[OpenedUpdate]:
    """Run the next step of a training, each of its updates within a trace."""
    system = training.system
    networks = {name: part for name, part in vars(system).items() if isinstance(part, nn.Module)}
    updates: list[OpenedUpdate] = []

    def run(update: BoundUpdate, *arguments: Any) -> Any:
        names = {**networks, **_named(update, arguments)}

        def step() -> Any:
            return update.update.run(update.system, *arguments)

        trace = mg.trace(step, names=names, arrays=True, everything=True)
        numbers = {name: float(number) for name, number in trace.result.numbers.items()}
        updates.append(OpenedUpdate(update.update.name, trace, numbers))
        return trace.result.outputs

    training.step_through(run)
    return updates


def _named(update: BoundUpdate, arguments: tuple[Any, ...]) -> dict[str, Tensor]:
    """The Tensors among the arguments, by the parameters of the update's function."""
    parameters = list(inspect.signature(update.update.function).parameters)[1:]
    return {
        name: value for name, value in zip(parameters, arguments, strict=False) if isinstance(value, Tensor)
    }
