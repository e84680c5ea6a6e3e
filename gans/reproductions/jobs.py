"""Trials one after the other in this process, or in several processes of one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import NamedTuple

from gans.errors import UserError
from gans.reproductions.running import Due, carry_out
from gans.reproductions.trial import StoppedError

__all__ = ["one_by_one", "side_by_side"]

ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

SECONDS_BETWEEN_CHECKS = 0.5

Say = Callable[[str], None]
Stop = Callable[[], bool]


def one_by_one(due: Sequence[Due], stop: Stop, say: Say) -> Iterator[Due]:
    """Run the trials in this process; yields each that is done. Raises as ``carry_out``."""
    for trial in due:
        if stop():
            raise StoppedError
        if carry_out(trial, stop, say):
            yield trial
        else:
            say(f"{trial.title}: another process is running it")


class _Worker(NamedTuple):
    process: BaseProcess
    line: Connection
    trial: Due


def side_by_side(due: Sequence[Due], jobs: int, stop: Stop, say: Say) -> Iterator[Due]:
    """Run the trials in ``jobs`` processes; yields each that is done.

    When ``stop()`` is true, or a trial has failed, the others save and stop. A process that finds this one
    dead does the same.

    Raises StoppedError after a stop, UserError as ``carry_out``, or if a process was killed.
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
                        yield worker.trial
            if stop() or halt.is_set():
                halt.set()
                ahead.clear()
    finally:
        halt.set()
        for worker in running.values():
            worker.process.join()
    if stop():
        raise StoppedError


def _started(context: multiprocessing.context.SpawnContext, trial: Due, halt: Event) -> _Worker:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(trial, theirs, halt))
    with _environment(ONE_THREAD):
        process.start()
    theirs.close()
    return _Worker(process, ours, trial)


def _heard(worker: _Worker, say: Say) -> bool | None:
    """Whether the trial is done; None if the process only said how far it is."""
    try:
        kind, text = worker.line.recv()
    except EOFError:
        raise UserError(
            f"{worker.trial.title}: its process was killed; the same command goes on from what it saved"
        ) from None
    if kind == "line":
        say(text)
        return None
    if kind == "error":
        raise UserError(text)
    if kind == "fault":
        raise RuntimeError(text)
    if kind == "busy":
        say(f"{worker.trial.title}: another process is running it")
    return bool(kind == "done")


def _work(trial: Due, line: Connection, halt: Event) -> None:
    """What a process does: one trial, and what became of it goes through ``line``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which stops this process
    parent = multiprocessing.parent_process()

    def stop() -> bool:
        return halt.is_set() or (parent is not None and not parent.is_alive())

    def send(kind: str, text: str = "") -> None:
        with suppress(OSError):  # the parent is dead
            line.send((kind, text))

    try:
        send("done" if carry_out(trial, stop, lambda text: send("line", text)) else "busy")
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
