"""A process that runs jobs for another one: one job at a time, and none after the other one has died."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from gans.errors import UserError
from gans.jobs.channel import SECONDS_BETWEEN_LOOKS, JobsEnd
from gans.jobs.job import Job, StoppedError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Outcome", "Work", "leave_with_the_parent"]

_one_job = threading.Lock()
"""minigrad's generator and its kernels' threads belong to the whole process."""

_orphaned = threading.Event()


class Outcome(NamedTuple):
    """What became of a job: done, busy, stopped, error or fault, and the text of the last two."""

    kind: str
    text: str = ""


class Work:
    """A job on its way to another process, as a callable without arguments."""

    def __init__(self, job: Job, end: JobsEnd) -> None:
        self.job = job
        self.end = end
        self._looked, self._stopped = 0.0, False

    def __call__(self) -> Outcome:
        with _one_job:
            if self._stop():
                return Outcome("stopped")
            self.end.begin()
            try:
                return Outcome("done" if self.job.carry_out(self._stop, self.end.say) else "busy")
            except StoppedError:
                return Outcome("stopped")
            except UserError as error:
                return Outcome("error", str(error))
            except Exception:  # noqa: BLE001  the command raises it again
                return Outcome("fault", traceback.format_exc())

    def checkpoint(self) -> object:
        """What submitit queues ahead of a time limit: the same job, which goes on from its folder."""
        return import_module("submitit").helpers.DelayedSubmission(self)

    def _stop(self) -> bool:
        """Called at every step, it looks at the folder twice a second."""
        if _orphaned.is_set():
            return True
        if not self._stopped and time.monotonic() - self._looked > SECONDS_BETWEEN_LOOKS:
            self._looked, self._stopped = time.monotonic(), self.end.stop()
        return self._stopped

    def __reduce__(self) -> tuple[type[Self], tuple[Job, JobsEnd]]:
        return type(self), (self.job, self.end)


def leave_with_the_parent() -> None:
    """Begin as a worker: Ctrl-C is the parent's, which stops the jobs, and a dead parent ends the process.

    A pool's worker would wait for ever for the next job of a parent that was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _orphaned.set()
    with _one_job:  # once the job has saved
        os._exit(1)
