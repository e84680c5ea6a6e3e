"""Jobs that are due, run to their ends: in this process, or by a job executor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from pathlib import Path
from typing import Generic, TypeVar

from gans.errors import UserError
from gans.jobs import channel, executors
from gans.jobs.channel import Channel
from gans.jobs.executors import JobExecutor, Opened
from gans.jobs.job import Job, Say, Stop, StoppedError
from gans.jobs.process import Outcome, Work

__all__ = ["carry_out", "one_by_one"]

SECONDS_BETWEEN_CHECKS = 0.2

MOST_TRIES = 3
"""How often a job begins whose process dies."""

J = TypeVar("J", bound=Job)


def carry_out(due: Sequence[J], where: JobExecutor, base: Path, stop: Stop, say: Say) -> Iterator[J]:
    """Run the jobs where ``where`` says; yields each that is done.

    When ``stop()`` is true, or a job has failed, the others save and stop. A job whose process was killed
    begins again, twice at most, and the others go on meanwhile. ``base`` is a folder that all processes see,
    for what they say to each other.

    Raises StoppedError after a stop, UserError as ``carry_out`` of a job, or if the process of a job was
    killed too often.
    """
    where.check()
    if not due:
        return iter(())
    return one_by_one(due, stop, say) if where.is_here else _elsewhere(due, where, base, stop, say)


def one_by_one(due: Sequence[J], stop: Stop, say: Say) -> Iterator[J]:
    """Run the jobs in this process; yields each that is done. Raises as ``carry_out`` of a job."""
    for job in due:
        if stop():
            raise StoppedError
        if job.carry_out(stop, say):
            yield job
        else:
            say(_busy(job))


def _elsewhere(due: Sequence[J], where: JobExecutor, base: Path, stop: Stop, say: Say) -> Iterator[J]:
    with channel.opened(base) as ends, executors.opened(where, base) as opened:
        running = _Running(due, ends, opened, say)
        try:
            while running:
                yield from running.ended()
                if stop():
                    running.halt()
        finally:
            running.halt()
            running.hear()
    if stop():
        raise StoppedError
    if running.dead:
        raise UserError(
            f"{', '.join(job.title for job in running.dead)}: killed {MOST_TRIES} times, for want of memory "
            "perhaps; the same command goes on from what was saved"
        )


class _Running(Generic[J]):
    """Jobs that an executor has, by their numbers; ``dead`` are those whose processes died too often."""

    def __init__(self, due: Sequence[J], ends: Channel, opened: Opened, say: Say) -> None:
        self.dead: list[J] = []
        self._due, self._ends, self._opened, self._say = due, ends, opened, say
        self._halted = False
        self._begun = Counter[int]()
        self._running: dict[Future[Outcome], int] = {}
        for number in range(len(due)):
            self._begin(number)

    def __bool__(self) -> bool:
        return bool(self._running)

    def ended(self) -> Iterator[J]:
        """The jobs that are done since the last call, after a while. Raises UserError for one that failed."""
        done, _ = wait(self._running, SECONDS_BETWEEN_CHECKS, FIRST_COMPLETED)
        self.hear(now=bool(done))
        for future in done:
            number = self._running.pop(future)
            job = self._due[number]
            outcome = self._outcome(job, future)
            if outcome.kind == "done":
                yield job
            elif outcome.kind == "busy":
                self._say(_busy(job))
            elif outcome.kind == "error":
                raise UserError(outcome.text)
            elif outcome.kind == "fault":
                raise RuntimeError(outcome.text)
            elif not self._halted:
                self._begin_again(number)

    def hear(self, *, now: bool = True) -> None:
        """Show what the jobs say."""
        for line in self._ends.lines(now=now):
            self._say(line)

    def halt(self) -> None:
        """Make the jobs save and stop; those that have not begun never do."""
        if self._halted:
            return
        self._halted = True
        self._ends.stop()
        for future, number in list(self._running.items()):
            if not self._ends.has_begun(number) and future.cancel():
                del self._running[future]

    def _begin(self, number: int) -> None:
        self._begun[number] += 1
        work = Work(self._due[number], self._ends.job(number))
        self._running[self._opened.executor.submit(work)] = number

    def _begin_again(self, number: int) -> None:
        job = self._due[number]
        if self._begun[number] == MOST_TRIES:
            self.dead.append(job)
            self._say(f"{job.title}: its process was killed again; it is left out")
        else:
            self._say(f"{job.title}: its process was killed; it goes on from what it saved")
            self._begin(number)

    def _outcome(self, job: J, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except self._opened.deaths:
            return Outcome("killed")
        except CancelledError:
            return Outcome("error", f"{job.title}: the executor dropped it; the same command goes on with it")


def _busy(job: Job) -> str:
    return f"{job.title}: another process is running it"
