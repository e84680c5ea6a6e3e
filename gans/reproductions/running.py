"""Running an experiment: which trials are due, and how each becomes a result."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gans.errors import UserError
from gans.files import remove_temporaries
from gans.jobs import Say, Stop, sole
from gans.machine import cores, processor
from gans.reproductions.experiment import Experiment
from gans.reproductions.registry import find, find_rows, short_name
from gans.reproductions.results import Document, Place, TrialResult, gather, is_done, write_result
from gans.reproductions.trial import Trial
from gans.trainer import DivergedError

__all__ = ["Due", "check_rows", "due_trials", "results_of", "steps_of"]


class Due(NamedTuple):
    """A trial to run: of which experiment and row, with which seed, and what share of the length."""

    experiment: str
    row: str
    share: float
    seed: int
    base: Path
    data_dir: str | None = None
    command: str = ""

    @property
    def title(self) -> str:
        part = "" if self.share == 1 else f", {self.share:.3g} of the length"
        return f"{self.row}{part}, seed {self.seed}"

    def carry_out(self, stop: Stop, say: Say) -> bool:
        """Run the trial to its result, from where its folder has it; False if another process is running it.

        Raises StoppedError if ``stop()`` is true during its training, UserError if it cannot be run.
        """
        name = short_name(self.experiment)
        folder = Place(self.base).trial(name, self.row, self.share, self.seed)
        with sole(folder) as alone:
            if alone and not is_done(folder):
                remove_temporaries(folder)
                _run(self, folder, stop, say)
            return alone


def steps_of(experiment: Experiment, row: str, share: float) -> int:
    """The length of a trial.

    Raises UserError for a share of an experiment that has no length, or one that is too short.
    """
    steps, least = experiment.rows[row].steps, experiment.rows[row].least
    if share != 1 and not steps:
        raise UserError(f"`share` {share:g}: {experiment.title} has no length of which a share can be run")
    run = round(share * steps)
    if share != 1 and run < least:
        raise UserError(f"`share` {share:g}: {run} steps are too few to measure, expected {least} or more")
    return run


def check_rows(name: str, rows: Sequence[str], share: float) -> list[str]:
    """The rows named, all of them if none are. Raises UserError as ``due_trials``."""
    experiment = find(name)
    chosen = find_rows(name, experiment, rows)
    for row in chosen:
        steps_of(experiment, row, share)
    return chosen


def due_trials(
    name: str,
    document: Document,
    place: Place,
    trials: int | None = None,
    share: float = 1.0,
    rows: Sequence[str] = (),
    data_dir: str | None = None,
    command: str = "",
) -> list[Due]:
    """The trials that have no result in ``document`` yet, of seeds from 0; the first trial of each row first.

    ``trials`` are those of each row, the published number unless given; ``rows`` are all unless given.
    Their results keep ``command``, the one that runs them.

    Raises UserError for a row that there is not, or a share of an experiment without a length.
    """
    chosen = check_rows(name, rows, share)
    due = []
    for seed in range(find(name).trials if trials is None else trials):
        for row in chosen:
            results = document.row(row, share)
            if results is None or all(trial.seed != seed for trial in results.trials):
                due.append(Due(name, row, share, seed, place.base.absolute(), data_dir, command))
    return due


def _run(due: Due, folder: Path, stop: Stop, say: Say) -> None:
    """Run a trial, and write its result into its folder."""
    experiment = find(due.experiment)
    row = experiment.rows[due.row]
    trial = Trial(
        folder,
        due.seed,
        steps_of(experiment, due.row, due.share),
        experiment.settings_of(due.row),
        data_dir=due.data_dir,
        stop=stop,
        progress=lambda text: say(f"{due.title}: {text}"),
    )
    figures, failed = {}, ""
    try:
        figures = {name: _number(value) for name, value in row.trial(trial).items()}
    except DivergedError as error:
        failed = str(error)
    _check(experiment, due, figures)
    result = TrialResult(
        seed=due.seed,
        figures=figures,
        minutes=round(trial.seconds / 60, 2),
        cpu_minutes=round(trial.cpu_seconds / 60, 2),
        date=time.strftime("%Y-%m-%d"),
        processor=processor(),
        cores=cores(),
        command=due.command,
        trace=trial.trace,
        failed=failed,
    )
    write_result(folder, due.row, due.share, trial.settings, result)
    trial.clear()


def _number(value: float | None) -> float | None:
    """A figure as JSON can keep it: None if it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def _check(experiment: Experiment, due: Due, figures: dict[str, float | None]) -> None:
    own = {figure.spread for figure in experiment.figures.values() if figure.spread}
    further = figures.keys() - experiment.figures.keys() - own
    if further:
        raise ValueError(f"the trial of {due.row} returned {min(further)!r}, which the table lacks")


def results_of(name: str, place: Place) -> Document:
    """The results of the experiment ``name`` with all trials that are done; its JSON has them then too."""
    experiment = find(name)
    return gather(place, short_name(name), experiment)
