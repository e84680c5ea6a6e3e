"""Sweeps: a model trained at each point of a grid of settings, with several seeds, in one folder.

grid        values of settings in all combinations; the names of the runs' folders
document    sweep.json, what the runs have in common and which there are; where each file lies
job         a run as a job: to start or to resume its folder, and to measure it
table       a row for each point, best first, with intervals; sweep.md and sweep.csv
sweep       a sweep as its folder has it: rows, pictures, and the runs that are left
running     a sweep planned, and run by a job executor
compared    any runs over each other
door        ``gans.sweep`` and ``gans.compare_runs``
"""

from __future__ import annotations

from gans.sweeps.compared import RunComparison, compare
from gans.sweeps.door import compare_runs, sweep
from gans.sweeps.grid import grid_of, seeds_in
from gans.sweeps.job import Result
from gans.sweeps.running import opened, planned, run
from gans.sweeps.sweep import Sweep
from gans.sweeps.table import Row

__all__ = [
    "Result",
    "Row",
    "RunComparison",
    "Sweep",
    "compare",
    "compare_runs",
    "grid_of",
    "opened",
    "planned",
    "run",
    "seeds_in",
    "sweep",
]
