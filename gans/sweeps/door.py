"""Sweeps and comparisons of runs in Python, as the command line has them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gans.jobs import JobExecutor, StoppedError
from gans.options import StrPath, TrainOptions
from gans.paths import user_path
from gans.sweeps.compared import RunComparison, compare
from gans.sweeps.running import planned, run
from gans.sweeps.sweep import Sweep
from gans.trainer import StopOnSignal

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["compare_runs", "sweep"]


class _InFolder(Protocol):
    """A run, such as a ``gans.Run``."""

    path: Path


def sweep(
    model: str | None = None,
    data: StrPath | None = None,
    *,
    grid: Mapping[str, Iterable[Any]] | None = None,
    seeds: Iterable[int] | None = None,
    figure: str | None = None,
    out: StrPath | None = None,
    executor: str = "local",
    jobs: int | None = None,
    executor_options: Mapping[str, str] | None = None,
    config: StrPath | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    device: str | None = None,
    **options: Unpack[TrainOptions],
) -> Sweep:
    """Train ``model`` at each point of a grid of settings with each of ``seeds``, and rank the points.

    grid               lists of values by setting, such as ``{"lr": [1e-4, 2e-4]}``: all combinations
    seeds              0 unless given
    figure             ranks the points; "fd" where it exists unless given, or the figure of ``keep_best``
    out                the sweep's folder; runs/sweep-MODEL-DATA unless given
    executor           "local", "slurm" or "dask"; ``executor_options`` are its own, such as
                       ``{"partition": "gpu"}``
    jobs               how many runs at a time; one after the other in this process unless given. With
                       more, a script needs ``if __name__ == "__main__":``, as multiprocessing does
    config, options    and the others, as in ``gans.train``, for all runs; ``progress`` shows a line a run

    A point's figure is the mean over its seeds, with Student's 95% interval. A run's figure is that of its
    last evaluation, of its best one with ``keep_best``, or, without ``evaluate_every``, that of
    ``gans.evaluate`` with the run's seed. The same call, after a stop or a kill, goes on with the runs that
    are left, and another grid or other seeds add runs to those of the folder. A run that diverges counts as
    such.

    >>> import tempfile, gans
    >>> folder = tempfile.TemporaryDirectory()
    >>> settings = dict(data="ring", steps=3, batch_size=16, width=8, progress=False)
    >>> found = gans.sweep("gan", grid={"lr": [1e-4, 1e-2]}, seeds=[0], out=folder.name, **settings)
    >>> found
    Sweep(gan on ring, 2 runs, by wasserstein)
    >>> best = found.rows[0]
    >>> best.mean < found.rows[1].mean, best.finished, sorted(best.settings)
    (True, 1, ['lr'])
    >>> folder.cleanup()

    Raises UserError as ``gans.train`` for any point, if the folder has a sweep with other options, or if an
    executor is not there.
    """
    given: dict[str, Any] = {
        "model": model,
        "data": data,
        "epochs": epochs,
        "steps": steps,
        "device": device,
    }
    chosen: dict[str, Any] = {
        **{name: value for name, value in given.items() if value is not None},
        **options,
    }
    where = JobExecutor(executor, jobs, {} if executor_options is None else executor_options)
    where.check()
    shown = bool(chosen.pop("progress", True))
    lists = {name: list(values) for name, values in (grid or {}).items()}
    made = planned(chosen, lists, None if seeds is None else list(seeds), out, figure, config)
    with StopOnSignal() as stopped, suppress(StoppedError):
        for job in run(made, where, stopped, print if shown else _nothing):
            if shown:
                print(f"{job.title}: {made.said(job)}", flush=True)
    return made


def compare_runs(*runs: StrPath | _InFolder) -> RunComparison:
    """Two to eight runs over each other: curves, what differs in their settings, and their last figures.

    ``runs`` are folders or ``gans.Run`` objects. ``png()`` of the result is the picture.

    >>> import tempfile, gans
    >>> folder = tempfile.TemporaryDirectory()
    >>> settings = dict(data="ring", steps=3, batch_size=16, width=8, progress=False)
    >>> one = gans.train("gan", **settings, lr=1e-3, out=folder.name + "/one")
    >>> two = gans.train("gan", **settings, lr=1e-2, out=folder.name + "/two")
    >>> found = gans.compare_runs(one, two)
    >>> found.settings
    {'lr': [0.001, 0.01]}
    >>> found.figures["step"], found.png()[:4]
    ([3, 3], b'\\x89PNG')
    >>> folder.cleanup()

    Raises UserError for a folder without a run, one that is given twice, or a number of runs that cannot be
    drawn.
    """
    return compare([user_path(one) if isinstance(one, str | os.PathLike) else one.path for one in runs])


def _nothing(line: str) -> None:
    pass
