"""Rivals in processes of their own, so that no library's threads, allocator or settings meet another's."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import gpu, jobs, peers
from benchmarks.timing import take_turn


class Local:
    """A side in this process, on a device; ``tf32`` allows its products on a GPU that precision."""

    def __init__(self, name: str, device: str = "cpu", tf32: bool = False) -> None:
        self.name, self.device, self.tf32 = name, device, tf32
        self._job: jobs.Job | None = None

    def open(self, task: Any) -> jobs.Outcome:
        """Start a task; its outcome. Raises peers.NotOffered if the side does not do it."""
        self._job = None
        with self._settings():
            self._job = jobs.open_job(self.name, task, self.device)
            return self._job.outcome()

    def turn(self, warm: float, counted: float) -> list[float]:
        """See ``timing.Rival``."""
        assert self._job is not None
        with self._settings():
            if self.device == "cuda":
                clock, held = gpu.clock_of(self.name), self._job.held
                return gpu.take_turn(self._job.run, warm, counted, clock, held=held)
            return take_turn(self._job.run, warm, counted)

    def ceilings(self) -> Any:
        """The machine's limits as measured here and now; a GPU's by the side's own library."""
        if self.device == "cuda":
            return gpu.ceilings(self.name)
        from benchmarks import ceilings

        return ceilings.measure()

    def close(self) -> None:
        """Drop the task."""
        self._job = None

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """The kernels of the side, and on a GPU their precision."""
        precision = gpu.precision(self.name, self.tf32) if self.device == "cuda" else nullcontext()
        with peers.load(self.name).within(), precision:
            yield


class Remote:
    """A side in a process of its own; its exceptions are raised here.

    ``label`` is its name among others, ``packages`` a folder whose minigrad and gans it imports, in place of
    these, ``threads`` their number in place of ``peers.threads()``.
    """

    def __init__(
        self,
        name: str,
        device: str = "cpu",
        tf32: bool = False,
        *,
        label: str = "",
        packages: Path | None = None,
        threads: int = 0,
    ) -> None:
        self.name = label or name
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, name, device, tf32), daemon=True)
        variables = {"OPENBLAS_NUM_THREADS": str(threads or peers.threads())}
        if threads:
            variables |= {"NUMBA_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        if packages:
            variables["NUMBA_CACHE_DIR"] = str(packages / "compiled")
        with _environment(variables, over=bool(threads or packages)), _path(packages):
            self._process.start()
        theirs.close()

    def open(self, task: Any) -> Any:
        return self._ask("open", task)

    def turn(self, warm: float, counted: float) -> Any:
        return self._ask("turn", warm, counted)

    def ceilings(self) -> Any:
        return self._ask("ceilings")

    def close(self) -> None:
        self._connection.close()
        self._process.join()

    def _ask(self, *request: Any) -> Any:
        self._connection.send(request)
        error, answer = self._connection.recv()
        if error is not None:
            raise error
        return answer


@contextmanager
def rivals(
    names: Sequence[str], device: str = "cpu", tf32: bool = False, threads: int = 0
) -> Iterator[list[Remote]]:
    """A process for each side, ended with the block."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Remote(name, device, tf32, threads=threads))) for name in names]


def _serve(connection: Connection, name: str, device: str, tf32: bool) -> None:
    """Answer requests (method, *arguments) with (exception or None, result) until the other end closes."""
    local: Local | None = None
    while True:
        try:
            method, *arguments = connection.recv()
        except EOFError:
            return
        try:
            local = local or Local(name, device, tf32)
            answer = (None, getattr(local, method)(*arguments))
        except Exception as error:  # noqa: BLE001 - the other end raises it
            traceback.print_exc()
            answer = (_sendable(error), None)
        connection.send(answer)


def _sendable(error: Exception) -> Exception:
    """The exception, or its text in a RuntimeError if it does not come out of a pickle."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - of this process's own making
    except Exception:  # noqa: BLE001 - a class may fail in any way where it is made anew
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


@contextmanager
def _environment(variables: dict[str, str], *, over: bool) -> Iterator[None]:
    """The environment of a new process; without ``over``, what the user has set stays."""
    before = {key: os.environ.get(key) for key in variables}
    os.environ.update({key: value for key, value in variables.items() if over or before[key] is None})
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextmanager
def _path(folder: Path | None) -> Iterator[None]:
    """A new process looks for modules in the folder first."""
    if folder is None:
        yield
        return
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
