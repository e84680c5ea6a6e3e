"""Jobs one by one in this process, or in several processes of one thread each; locks between them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar, cast

from gans.errors import UserError
from gans.files import append
from gans.locks import try_lock

__all__ = ["Job", "Say", "Stop", "StoppedError", "one_by_one", "sole", "side_by_side"]

ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

SECONDS_BETWEEN_CHECKS = 0.5

Say = Callable[[str], None]
Stop = Callable[[], bool]


class StoppedError(Exception):
    """A job that was asked to stop has saved what it had and stopped."""


class Job(Protocol):
    """What a process does. It is pickled on its way there.

    ``carry_out(stop, say)`` does it to its end, and returns False at once if another process is at it; it
    raises StoppedError soon after ``stop()`` is true, UserError if it cannot be done. ``say`` shows a line.
    """

    @property
    def title(self) -> str: ...

    def carry_out(self, stop: Stop, say: Say) -> bool: ...


J = TypeVar("J", bound=Job)


def one_by_one(due: Sequence[J], stop: Stop, say: Say) -> Iterator[J]:
    """Run the jobs in this process; yields each that is done. Raises as ``carry_out`` of a job."""
    for job in due:
        if stop():
            raise StoppedError
        if job.carry_out(stop, say):
            yield job
        else:
            say(f"{job.title}: another process is running it")


@contextmanager
def sole(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """A block that one process at a time is in, for each ``folder``, which holds its lock.

    Yields False if another one is in it, unless it has to ``wait`` for that one. On a file system without
    locks any number is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with append(folder / ".lock") as lock:
        alone = True
        with suppress(OSError):  # a file system without locks must not prevent the work
            while not (alone := try_lock(lock.fileno())) and wait:
                time.sleep(0.05)
        yield alone


class _Worker(NamedTuple):
    process: BaseProcess
    line: Connection
    job: Job


def side_by_side(due: Sequence[J], jobs: int, stop: Stop, say: Say) -> Iterator[J]:
    """Run the jobs in ``jobs`` processes; yields each that is done.

    When ``stop()`` is true, or a job has failed, the others save and stop. A process that finds this one
    dead does the same.

    Raises StoppedError after a stop, UserError as ``carry_out`` of a job, or if a process was killed.
    """
    context = multiprocessing.get_context("spawn")
    halt = context.Event()
    ahead, running = list(reversed(due)), dict[Connection, _Worker]()
    try:
        while ahead or running:
            while ahead and len(running) < jobs and not halt.is_set():
                worker = _started(context, ahead.pop(), halt)
                running[worker.line] = worker
            for line in wait(list(running), SECONDS_BETWEEN_CHECKS):
                assert isinstance(line, Connection)
                worker = running[line]
                done = _heard(worker, say)
                if done is not None:
                    del running[line]
                    worker.process.join()
                    if done:
                        yield cast(J, worker.job)
            if stop() or halt.is_set():
                halt.set()
                ahead.clear()
    finally:
        halt.set()
        for worker in running.values():
            worker.process.join()
    if stop():
        raise StoppedError


def _started(context: multiprocessing.context.SpawnContext, job: Job, halt: Event) -> _Worker:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs, halt))
    with _environment(ONE_THREAD):
        process.start()
    theirs.close()
    return _Worker(process, ours, job)


def _heard(worker: _Worker, say: Say) -> bool | None:
    """Whether the job is done; None if the process only said how far it is."""
    try:
        kind, text = worker.line.recv()
    except EOFError:
        raise UserError(
            f"{worker.job.title}: its process was killed; the same command goes on from what it saved"
        ) from None
    if kind == "line":
        say(text)
        return None
    if kind == "error":
        raise UserError(text)
    if kind == "fault":
        raise RuntimeError(text)
    if kind == "busy":
        say(f"{worker.job.title}: another process is running it")
    return bool(kind == "done")


def _work(job: Job, line: Connection, halt: Event) -> None:
    """What a process does: one job, and what became of it goes through ``line``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which stops this process
    parent = multiprocessing.parent_process()

    def stop() -> bool:
        return halt.is_set() or (parent is not None and not parent.is_alive())

    def send(kind: str, text: str = "") -> None:
        with suppress(OSError):  # the parent is dead
            line.send((kind, text))

    try:
        send("done" if job.carry_out(stop, lambda text: send("line", text)) else "busy")
    except StoppedError:
        send("stopped")
    except UserError as error:
        send("error", str(error))
    except Exception:  # noqa: BLE001  the parent raises it again
        send("fault", traceback.format_exc())


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """A block with these environment variables, which the processes that start in it inherit."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
