"""A run in its folder: start it, resume it, or load it to look at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import minigrad as mg
from gans.data import Dataset, data_name, load
from gans.data.spec import spec_of
from gans.errors import UserError
from gans.evaluation import figures_of
from gans.messages import one_line
from gans.paths import user_path
from gans.streams import random_stream
from gans.systems import Settings, System, build, find
from gans.systems.own import absolute
from gans.terminal import any_encoding, note
from gans.trainer.agreement import greatest
from gans.trainer.batches import Batches
from gans.trainer.callback import train
from gans.trainer.checkpoints import Checkpoints, restore
from gans.trainer.choice import display_for
from gans.trainer.config import (
    CONFIG,
    MOST_SEED,
    MOST_STEPS,
    BatchNorm,
    RunConfig,
    Schedule,
    digest_of,
    versions,
)
from gans.trainer.display import Display
from gans.trainer.evaluations import BestCheckpoint, Evaluations, check_evaluations
from gans.trainer.folder import RunFolder
from gans.trainer.loop import DivergedError, Training
from gans.trainer.metrics_log import LONGEST_LINE, MOST_BYTES, MetricsLog, Recovered, recover_metrics
from gans.trainer.pictures import Curves, Samples, shown
from gans.trainer.ranks import first_opens, meet, ranks_here, shared
from gans.trainer.sanity import Sanity
from gans.trainer.signals import StopOnSignal
from minigrad import nn

__all__ = [
    "Ended",
    "Length",
    "file_name",
    "load_data",
    "load_system",
    "new_config",
    "new_training",
    "resume",
    "start",
]


CHECKPOINT_EVERY = 100

UNCHANGED = Schedule()

CHECKPOINTS = ("last", "best")
"""The checkpoints of a run by name; a run without ``keep_best`` has the first."""

BROKEN_PIPE = 13
"""The number of SIGPIPE, which Python's signal module has only on POSIX."""

ASKED = 10_000
"""In the place of a signal's number: the program asked for the end."""


class Ended(NamedTuple):
    """How a run ended: it went from step ``began`` to step ``step``, of ``steps`` in all.

    ``signal`` is the number of the signal that ended it early, or None.
    """

    folder: Path
    began: int
    step: int
    steps: int
    signal: int | None


class Length(NamedTuple):
    """How long to train: a number of steps, or of epochs."""

    steps: int | None = None
    epochs: int | None = None

    def in_steps(self, steps_per_epoch: int) -> int:
        """The length in steps; ValueError if neither is given.

        Raises UserError if it is longer than any training.
        """
        if self.epochs is not None:
            steps = self.epochs * steps_per_epoch
        elif self.steps is not None:
            steps = self.steps
        else:
            raise ValueError("a length needs steps or epochs")
        if steps > MOST_STEPS:
            raise UserError(f"{one_line(steps, 40)} steps are more than a training can have, {MOST_STEPS:,}")
        return steps


def new_config(
    settings: Settings,
    data: Dataset,
    length: Length,
    *,
    name: str,
    data_dir: str | None,
    seed: int,
    schedule: Schedule,
    device: str = "cpu",
) -> RunConfig:
    """The configuration of a new run on ``data``, loaded with ``name`` and ``data_dir``.

    Raises UserError if a step needs more images than there are, samples cannot be measured as the schedule
    says, or config.json cannot keep a value.
    """
    if not 0 <= seed <= MOST_SEED:
        raise UserError(f"`seed` must be an integer from 0 to {MOST_SEED:,}, got {one_line(seed, 40)}")
    system, spec = find(settings.model), spec_of(data)
    system.check_data(settings, spec)
    per_step = system.batches_in_a_step(settings)
    steps_per_epoch = Batches(data, settings.batch_size, per_step, seed).steps_per_epoch
    config = RunConfig(
        settings=replace(settings, model=absolute(settings.model), networks=absolute(settings.networks)),
        spec=spec,
        data=data_name(name),
        data_dir=None if data_dir is None else os.path.abspath(user_path(data_dir)),
        data_digest=digest_of(data),
        seed=seed,
        steps=length.in_steps(steps_per_epoch),
        epochs=length.epochs,
        versions=versions(),
        device=device,
        **{"checkpoint_every": CHECKPOINT_EVERY, **schedule.given()},
    )
    config.check()
    check_evaluations(config, data)
    return config


def start(
    config: RunConfig,
    data: Dataset,
    out: Path | None = None,
    *,
    capture: bool = True,
    progress: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Ended:
    """Train in a new folder: ``out``, or runs/MODEL-DATA with a number if that exists.

    ``capture`` replays recorded updates, which are faster and the same bit for bit; ``progress`` shows the
    losses during the run. The run saves and stops, as on a signal, after a step at which ``stop()`` is true.

    Raises UserError if the model does not fit the data, ``out`` holds a run, its device is not available, or
    the training diverged.
    """
    config = replace(config, ranks=ranks_here().size)
    training = new_training(config, data, capture=capture)
    meet(config, training)

    @contextmanager
    def opened() -> Iterator[Path]:
        folder = RunFolder.create(out, f"{file_name(config.model)}-{file_name(config.data)}")
        with folder.locked():
            folder.check_free()  # another process may have trained there since
            config.write(folder.path)
            yield folder.path

    with first_opens(opened) as path:
        return _run(RunFolder(path), config, training, data, progress, stop)


def resume(
    path: Path,
    length: Length | None = None,
    data_dir: str | None = None,
    schedule: Schedule = UNCHANGED,
    device: str | None = None,
    *,
    batch_norm: BatchNorm | None = None,
    data: Dataset | None = None,
    capture: bool = True,
    progress: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Ended:
    """Resume the run in ``path`` from its last checkpoint, as if it had never stopped.

    ``length``, ``schedule``, ``device`` and ``batch_norm`` replace the run's own. Another device rounds
    differently; the generators keep the kind that the run began with. Pass ``data`` if the run was trained
    on a data set without a name. ``capture``, ``progress`` and ``stop`` are as in ``start``. A run without a
    checkpoint starts again from its seed.

    Raises UserError if there is no run, a file of it is damaged, its data changed, it has done more than
    ``length``, its device is not available, another process trains it, or the training diverged.
    """
    RunConfig.read(path)  # write nothing into a folder without a run
    folder = RunFolder(path)
    ranks = ranks_here()
    with folder.locked() if ranks.rank == 0 else nullcontext():
        before = RunConfig.read(path)  # another process may have lengthened the run until now
        config = replace(
            before,
            ranks=ranks.size,
            device=device or before.device,
            batch_norm=batch_norm or before.batch_norm,
        )
        data = _same(data, config) if data is not None else load_data(config, data_dir)
        training = new_training(config, data, capture=capture)
        if folder.checkpoint.exists():
            restore(folder.checkpoint, training.system, training.load_state_dict, before.steps)
        config = _rescheduled(_lengthened(config, length, training), schedule)
        config.check()
        check_evaluations(config, data)
        meet(config, training)
        if ranks.rank:
            return _run(folder, config, training, data, progress, stop)
        most = min(MOST_BYTES, LONGEST_LINE * (config.steps + 1))
        recovered = recover_metrics(folder.metrics, training.step, most)
        evaluated = recover_metrics(folder.evaluations, training.step, most)
        _note_changes(before, config.device, recovered, evaluated)
        config.write(path)
        return _run(folder, config, training, data, progress, stop)


def new_training(config: RunConfig, data: Dataset, *, capture: bool = True) -> Training:
    """The training of ``config`` before its first step.

    Raises UserError if the model makes samples of another shape, a step needs more images than there are, the
    batch does not divide among the ranks, or the device is not available.
    """
    ranks = ranks_here(config.device)
    _check_shares(config, ranks.size)
    mg.manual_seed(config.seed)
    system = build(config.settings, config.spec, config.device)
    training = Training(system, data, config.seed, capture=capture, ranks=ranks)
    made = shown(system, data, random_stream(config.seed, "samples")).samples.shape[1:]
    if made != config.shape:
        raise UserError(
            f"{config.model} makes samples of shape {made}, and those of {data.name} have {config.shape}; "
            "its networks must take the shape from their second argument, `spec`"
        )
    if ranks.size > 1 and config.batch_norm == "synchronised":
        for part in vars(system).values():
            if isinstance(part, nn.Module):
                nn.synchronised(part, ranks)
    return training


def _check_shares(config: RunConfig, ranks: int) -> None:
    """Raise UserError unless each rank has the same number of samples, and a batch that the model takes."""
    if ranks == 1:
        return
    settings: Any = config.settings
    share, rest = divmod(settings.batch_size, ranks)
    if rest:
        sizes = " or ".join(str(size * ranks) for size in (share, share + 1) if size)
        raise UserError(
            f"a batch of {settings.batch_size} does not divide among {ranks} ranks; take a `batch_size` of "
            f"{sizes}"
        )
    try:
        own, system = replace(settings, batch_size=share), find(config.model)
        system.check_settings(own, config.spec.kind)
        system.check_data(own, config.spec)
    except UserError as error:
        raise UserError(f"on each of {ranks} ranks, {error}") from error


def load_data(config: RunConfig, data_dir: str | None = None) -> Dataset:
    """The data of a run; ``data_dir`` is the folder in which they are now.

    Raises UserError if they cannot be loaded, or are other data than at the start of the run.
    """
    return _same(load(config.data, data_dir or config.data_dir), config)


def _same(data: Dataset, config: RunConfig) -> Dataset:
    """``data``; UserError if they are other data than at the start of the run."""
    if digest_of(data) != config.data_digest:
        raise UserError(f"{config.data} has other images than those that this run was trained on")
    if tuple(data.shape) != config.shape:
        raise UserError(f"{config.data} has samples of shape {data.shape}, and {CONFIG} says {config.shape}")
    return data


def load_system(path: Path, device: str = "cpu", checkpoint: str = "last") -> tuple[RunConfig, System, int]:
    """The system of the run in ``path`` as a checkpoint has it, and that checkpoint's step.

    ``checkpoint`` is "last", or "best" for the one that ``keep_best`` kept. The system is put on ``device``,
    whatever device it was trained on.

    Raises UserError if there is no run or no such checkpoint, a file is damaged, or the device is not
    available.
    """
    config, folder = RunConfig.read(path), RunFolder(path)
    if checkpoint not in CHECKPOINTS:
        raise UserError(f"there is no `checkpoint` {one_line(repr(checkpoint), 40)}; a run has last and best")
    if checkpoint == "best" and not folder.best.exists():
        raise UserError(
            f"{path}: no best checkpoint there ({folder.best.name} is missing); training keeps one with "
            "`keep_best` and `evaluate_every`"
        )
    system: System = build(config.settings, config.spec, device)
    file = folder.best if checkpoint == "best" else folder.checkpoint
    step = restore(file, system, lambda state: system.load_state_dict(state["parts"]))
    return config, system, step


def _run(
    folder: RunFolder,
    config: RunConfig,
    training: Training,
    data: Dataset,
    progress: bool,
    stop: Callable[[], bool],
) -> Ended:
    began = training.step
    if training.ranks.rank:
        return _assist(folder, config, training, stop)
    stopped = StopOnSignal()
    display = display_for(config, folder.path, stopped, progress)
    with any_encoding(), stopped, MetricsLog(folder.metrics) as log, display, ExitStack() as opened:
        evaluations, best = _evaluations(folder, config, data, display)
        logs = [log, *map(opened.enter_context, evaluations)]
        curves = Curves(folder, config.title, training.system, figures_of(training.system, data))
        checkpoints = Checkpoints(folder.checkpoint, config.checkpoint_every, logs)
        samples, sanity = Samples(folder, data, config.title), Sanity(data)
        callbacks = (display, log, samples, *evaluations, checkpoints, *best, curves, sanity)
        try:
            stopping = _Stop(training, lambda: _reason(stopped, stop, display.closed))
            train(training, config.steps, callbacks, stopping)
        except DivergedError as error:
            curves.draw()
            saved = f"{folder.path} keeps its checkpoint of step {checkpoints.saved_step}"
            raise shared(f"{error}; {saved}") from error
    return _ended(folder, config, training, began, stopping)


class _Stop:
    """Whether to stop: if one of the ranks has a ``reason``, which is the number of a signal, ASKED, or 0."""

    def __init__(self, training: Training, reason: Callable[[], int]) -> None:
        self._ranks = training.ranks
        self._own = reason
        self.reason = 0

    def __call__(self) -> bool:
        self.reason = greatest(self._ranks, self._own())
        return self.reason != 0


def _reason(stopped: StopOnSignal, stop: Callable[[], bool], closed: bool = False) -> int:
    return stopped.signal or (BROKEN_PIPE if closed else ASKED if stop() else 0)


def _assist(folder: RunFolder, config: RunConfig, training: Training, stop: Callable[[], bool]) -> Ended:
    """The steps of a rank that is not the first: it computes its share, and writes and shows nothing."""
    began, stopped = training.step, StopOnSignal()
    stopping = _Stop(training, lambda: _reason(stopped, stop))
    with stopped:
        try:
            train(training, config.steps, stop=stopping)
        except DivergedError as error:
            raise shared(str(error)) from error
    return _ended(folder, config, training, began, stopping)


def _ended(folder: RunFolder, config: RunConfig, training: Training, began: int, stop: _Stop) -> Ended:
    early = None if stop.reason in (0, ASKED) else stop.reason
    return Ended(
        folder.path, began, training.step, config.steps, early if training.step < config.steps else None
    )


def _evaluations(
    folder: RunFolder, config: RunConfig, data: Dataset, display: Display
) -> tuple[list[Evaluations], list[BestCheckpoint]]:
    """The callbacks that measure samples and keep the best checkpoint: one of each, or none."""
    if not config.evaluate_every:
        return [], []
    evaluations = Evaluations(folder.evaluations, config, data, display)
    if config.keep_best is None:
        return [evaluations], []
    return [evaluations], [BestCheckpoint(folder, config, data, evaluations)]


def file_name(text: str) -> str:
    """A model's or data set's name as part of a folder's: the last part of a path, without ``:``.

    >>> file_name("edges:mnist5k"), file_name("/home/me/my_gan.py:MyGAN"), file_name("wgan-gp")
    ('edges-mnist5k', 'MyGAN', 'wgan-gp')
    """
    last = Path(text).name
    return last.rsplit(":", 1)[1] if ".py:" in last else last.replace(":", "-")


def _lengthened(config: RunConfig, length: Length | None, training: Training) -> RunConfig:
    if length is None or length == Length():
        return config
    steps = length.in_steps(training.steps_per_epoch)
    if steps < training.step:
        raise UserError(
            f"the run has done {training.step:,} steps already, more than the {steps:,} of its new length; "
            "give more `steps` or `epochs`"
        )
    return replace(config, steps=steps, epochs=length.epochs)


def _rescheduled(config: RunConfig, schedule: Schedule) -> RunConfig:
    """``config`` with what ``schedule`` gives; without evaluations no best checkpoint is kept either."""
    if schedule.evaluate_every == 0:
        config = replace(config, keep_best=None)
    return replace(config, **schedule.given())


def _note_changes(before: RunConfig, device: str, recovered: Recovered, evaluated: Recovered) -> None:
    """Note on standard error where a resumed run differs from an uninterrupted one."""
    now = {**versions(), "device": device}
    then = {**before.versions, "device": before.device}
    changed = [f"{name} {was} -> {now[name]}" for name, was in then.items() if now.get(name, was) != was]
    if changed:
        note(f"last bits may differ from those of an uninterrupted run: {', '.join(changed)}")
    for name, found in (("metrics.jsonl", recovered), ("evaluations.jsonl", evaluated)):
        if found.aside is not None:
            note(f"{name} has lines that cannot be read; the original is kept as {found.aside.name}")
    if recovered.missing:
        lacking = [f"{first}" if first == last else f"{first} to {last}" for first, last in recovered.missing]
        more = f" and {len(lacking) - 5} times more" if len(lacking) > 5 else ""
        note(f"metrics.jsonl lacks the steps {', '.join(lacking[:5])}{more}")
