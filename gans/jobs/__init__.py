"""Jobs that stop and go on: one by one in this process, or on a job executor, which may lose or repeat one.

A job is "start or resume this folder": its folder is the truth about how far it is, so that it may be run
again at any time. The code speaks ``concurrent.futures.Executor`` alone.

job         what a job is, and the lock of its folder
executors   the job executors by name: local (processes here), slurm, dask
channel     what a command and its jobs in other processes say to each other, through a folder
running     jobs that are due, run to their ends
"""

from __future__ import annotations

from gans.jobs.executors import JobExecutor
from gans.jobs.job import Job, Say, Stop, StoppedError, sole
from gans.jobs.running import carry_out, one_by_one

__all__ = [
    "Job",
    "JobExecutor",
    "Say",
    "Stop",
    "StoppedError",
    "carry_out",
    "one_by_one",
    "sole",
]
