"""A run of a sweep as a job: to start or to resume its folder, as often as need be."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from gans.errors import UserError
from gans.evaluation import UnmeasurableError, figures_of, measure
from gans.files import decode, read, reading, write
from gans.jobs import Say, Stop, StoppedError
from gans.machine import processor
from gans.metrics import cost
from gans.preparing import Prepared, prepare
from gans.systems import find
from gans.terminal import note
from gans.trainer import (
    DivergedError,
    Ended,
    LockedError,
    RunConfig,
    RunFolder,
    load_system,
    read_metrics,
    resume,
    start,
)
from gans.trainer.config import CONFIG

__all__ = ["Result", "SweepJob", "result_in"]

RESULT = "result.json"

MOST_BYTES = 2**22


class Result(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a run gave: the ``figures`` of its samples at ``step``, or how it ``diverged``."""

    steps: Annotated[int, msgspec.Meta(ge=0)]
    step: Annotated[int, msgspec.Meta(ge=0)]
    figures: dict[str, Any]
    minutes: Annotated[float, msgspec.Meta(ge=0)]
    date: str
    processor: str
    diverged: str = ""


class SweepJob(NamedTuple):
    """A run of a sweep: its folder, and its options as ``gans.train`` takes them."""

    folder: Path
    options: dict[str, Any]

    @property
    def title(self) -> str:
        return self.folder.name

    def carry_out(self, stop: Stop, say: Say) -> bool:
        """Train the run to its end and measure it; False if another process trains it.

        A run that diverges is at its end. Raises StoppedError if it was stopped and has saved, UserError if
        the folder holds another run, or as ``gans.train``.
        """
        if result_in(self.folder) is not None:
            return True
        prepared = prepare(**self.options)
        try:
            ended = _trained(self.folder, prepared, stop)
        except LockedError:
            return False
        except UserError as error:
            if not isinstance(error.__cause__, DivergedError):
                raise
            self._write(prepared, 0, {}, diverged=str(error.__cause__))
            return True
        if ended.step < ended.steps:
            raise StoppedError(ended.signal)
        step, figures = _figures(self.folder, prepared, lambda stage: _check(stop))
        self._write(prepared, step, figures)
        return True

    def _write(self, prepared: Prepared, step: int, figures: dict[str, Any], *, diverged: str = "") -> None:
        records = read_metrics(RunFolder(self.folder).metrics)
        seconds = sum(record["seconds"] or 0.0 for record in records)
        result = Result(
            steps=prepared.config.steps,
            step=step,
            figures=figures,
            minutes=round(seconds / 60, 3),
            date=time.strftime("%Y-%m-%d"),
            processor=processor(),
            diverged=diverged,
        )
        write(self.folder / RESULT, msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")


def result_in(folder: Path) -> Result | None:
    """What the run in ``folder`` gave; None if it is not at its end. Raises UserError for a damaged file."""
    path = folder / RESULT
    try:
        with reading(path, "delete it, and the run is measured again"):
            return decode(read(path, MOST_BYTES), Result)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _trained(folder: Path, prepared: Prepared, stop: Stop) -> Ended:
    config, data, options = prepared
    if not (folder / CONFIG).exists():
        return start(config, data, folder, capture=options.capture, progress=False, stop=stop)
    there = RunConfig.read(folder)
    if (there.settings, there.seed, there.data_digest) != (config.settings, config.seed, config.data_digest):
        raise UserError(
            f"{folder} holds another run than the sweep's; move it away, and the sweep trains its own"
        )
    return resume(folder, data=data, capture=options.capture, progress=False, stop=stop)


def _check(stop: Stop) -> None:
    if stop():
        raise StoppedError


def _figures(folder: Path, prepared: Prepared, progress: Callable[[str], None]) -> tuple[int, dict[str, Any]]:
    """The step and the figures that speak for the run.

    They are those of its best evaluation if it keeps one, else of its last one; without any, samples of the
    last checkpoint are measured as ``gans.evaluate`` with the run's seed does.
    """
    config, data, _ = prepared
    evaluations = read_metrics(RunFolder(folder).evaluations)
    if not evaluations:
        _, system, step = load_system(folder, config.device)
        try:
            return step, dict(measure(system, config.title, data, None, config.seed, progress=progress))
        except UnmeasurableError as error:
            note(f"{folder.name}: {error}")
            return step, {}
    chosen = evaluations[-1]
    if config.keep_best is not None:
        name, meaning = config.keep_best, figures_of(find(config.model), data)[config.keep_best]
        costs = [
            (found, line["step"]) for line in evaluations if (found := cost(line, name, meaning)) is not None
        ]
        if costs:
            best = min(costs)[1]
            chosen = next(line for line in evaluations if line["step"] == best)
    beside = ("step", "epoch", "seconds")
    return chosen["step"], {name: value for name, value in chosen.items() if name not in beside}
