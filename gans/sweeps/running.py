"""A sweep planned in its folder, and run by a job executor as far as it is not done."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gans.data import Dataset, data_name
from gans.errors import UserError
from gans.evaluation import check_measurable, figures_of
from gans.jobs import JobExecutor, Say, Stop, carry_out
from gans.metrics import Meaning
from gans.paths import user_path
from gans.preparing import Prepared, prepare, with_file
from gans.sweeps.document import Document, Member, Place, add, base_of
from gans.sweeps.grid import MOST_JOBS, checked_grid, points
from gans.sweeps.job import SweepJob
from gans.sweeps.sweep import Sweep, checked_figure
from gans.systems import find
from gans.systems.own import absolute
from gans.trainer.run import file_name

__all__ = ["opened", "planned", "run"]

SECONDS_BETWEEN_TABLES = 10.0

FIRST = ("fd", "wasserstein")
"""The figures that rank unless one is given, where they exist."""


def planned(
    options: Mapping[str, Any],
    grid: Mapping[str, Sequence[Any]],
    seeds: Sequence[int] | None = None,
    out: str | os.PathLike[str] | None = None,
    figure: str | None = None,
    config: str | os.PathLike[str] | None = None,
) -> Sweep:
    """The sweep of all points of ``grid`` with all ``seeds``, in its folder, before any training.

    ``options`` are those of ``gans.train`` for all runs; its ``seed``, 0 without one, and its ``out`` stand
    in for ``seeds`` and ``out`` that are not given. A file ``config`` gives further options. A folder that
    has a sweep with the same options keeps its runs and gets the new ones. It is runs/sweep-MODEL-DATA unless
    ``out`` is given.

    Raises UserError for a mistake in any point of the grid, or as ``gans.sweeps.document.add``.
    """
    if both := sorted(grid.keys() & options.keys()):
        raise UserError(f"`{both[0]}` is given twice, for all runs and in `grid`; give one of them")
    filed = with_file(config, options)
    options = {name: value for name, value in filed.items() if name not in grid}
    seed, folder = options.pop("seed", 0), options.pop("out", None)
    seeds, out = [seed] if seeds is None else seeds, folder if out is None else out
    model = options.get("model")
    if model is not None:
        grid = checked_grid(model, grid)
    if isinstance(options.get("data"), Dataset):
        raise UserError("the runs of a sweep load their own data: give `data` as a name or a path")
    _check_seeds(seeds)
    first = prepare(**options, seed=seeds[0])
    _check_points(first, options, points(grid), seeds)
    runs = [Member(point, seed) for point in points(grid) for seed in seeds]
    if len({member.name for member in runs}) < len(runs):
        raise UserError("two points of `grid` would have one folder; make their values differ more")
    check_measurable(find(first.config.model), first.data)
    meanings = figures_of(find(first.config.model), first.data)
    document = Document(
        format=1,
        title=first.config.title,
        options=_kept(options, first),
        base=base_of(first.config),
        figure=_figure(figure, meanings, first),
        runs=runs,
    )
    own = f"sweep-{file_name(document.options['model'])}-{file_name(document.options['data'])}"
    path = Path("runs") / own if out is None else user_path(out)
    add(Place(path), document)
    return Sweep(path)


def opened(path: str | os.PathLike[str], figure: str | None = None) -> Sweep:
    """The sweep in the folder ``path``, ranked by ``figure``, its own unless given.

    Raises UserError if there is none, or its sweep.json is damaged.
    """
    return Sweep(user_path(path), figure)


def run(sweep: Sweep, where: JobExecutor, stop: Stop, say: Say) -> Iterator[SweepJob]:
    """Run what is left of a sweep; yields each run that is at its end. The folder has its tables then, too.

    Raises as ``gans.jobs.carry_out``.
    """
    written = time.monotonic()
    try:
        for job in carry_out(sweep.due(), where, sweep.path, stop, say):
            yield job
            if time.monotonic() - written > SECONDS_BETWEEN_TABLES:
                sweep.write()
                written = time.monotonic()
    finally:
        sweep.write()


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UserError("`seeds`: expected at least one")
    if len(set(seeds)) < len(seeds):
        raise UserError("`seeds`: a seed stands there twice")


def _check_points(
    first: Prepared, options: Mapping[str, Any], grid: Sequence[Mapping[str, Any]], seeds: Sequence[int]
) -> None:
    """Refuse the first point that ``gans.train`` would refuse, before any training."""
    if len(grid) * len(seeds) > MOST_JOBS:
        raise UserError(f"{len(grid) * len(seeds):,} runs are more than a sweep can have, {MOST_JOBS:,}")
    for point in grid:
        prepare(**{**options, **point, "data": first.data, "seed": seeds[-1]})


def _kept(options: Mapping[str, Any], first: Prepared) -> dict[str, Any]:
    """The options as sweep.json keeps them: they mean the same in any folder."""
    kept = {name: value for name, value in options.items() if value is not None and name != "progress"}
    kept |= {name: absolute(kept[name]) for name in ("model", "networks") if name in kept}
    kept["data"] = data_name(first.config.data)
    if "data_dir" in kept:
        kept["data_dir"] = first.config.data_dir
    return kept


def _figure(given: str | None, meanings: Mapping[str, Meaning], first: Prepared) -> str:
    """The figure that ranks: the one that is given, or the one by which the best checkpoint is kept."""
    chosen = given or first.config.keep_best
    if chosen is not None:
        return checked_figure(chosen, meanings, first.config.title)
    ends = [name for name in meanings if name.endswith("_fd")]
    return next((name for name in (*FIRST, *ends) if name in meanings), next(iter(meanings)))
