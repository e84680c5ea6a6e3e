"""Job executors by name: what runs jobs elsewhere, each as a ``concurrent.futures.Executor``.

local   processes of one thread on this machine
slurm   an array of SLURM jobs that are queued again after a time limit, through submitit
dask    the workers of a Dask cluster, or of one on this machine
"""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any, NamedTuple, ParamSpec, TypeVar

from gans.errors import UserError
from gans.jobs.process import leave_with_the_parent
from gans.messages import one_line

__all__ = ["JobExecutor", "Opened", "opened"]

P = ParamSpec("P")
T = TypeVar("T")

NAMES = ("local", "slurm", "dask")

MINUTES, REQUEUES = 240, 1_000
"""The time limit of a SLURM job unless given, and how often it is queued again when it meets it."""

POLL_SECONDS = 1.0


class JobExecutor(NamedTuple):
    """Where jobs run: ``name``, ``jobs`` at a time, and the executor's own ``options``.

    Without ``jobs``, local runs one after the other in this process, the others as many as they can.

    local   no options
    slurm   those of submitit's AutoExecutor, such as ``partition``, ``timeout_min``, ``mem_gb``,
            ``cpus_per_task``; ``cluster="local"`` for processes of submitit on this machine
    dask    ``scheduler``, the address of a cluster; one on this machine without it
    """

    name: str = "local"
    jobs: int | None = None
    options: Mapping[str, str] = {}

    @property
    def is_here(self) -> bool:
        """Whether the jobs run in this process."""
        return self.name == "local" and self.jobs in (None, 1)

    def check(self) -> None:
        """Raise UserError if there is no such executor or option, or its package is missing."""
        if self.name not in NAMES:
            raise UserError(
                f"there is no `executor` {one_line(repr(self.name), 40)} (choose from {', '.join(NAMES)})"
            )
        if self.jobs is not None and self.jobs < 1:
            raise UserError(f"`jobs` must be at least 1, got {one_line(self.jobs, 40)}")
        known = {"local": (), "dask": ("scheduler",)}.get(self.name)
        for option in self.options:
            if known is not None and option not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise UserError(
                    f"the executor {self.name} has no option {one_line(repr(option), 40)} ({has})"
                )
        if self.name == "slurm":
            _package("submitit", "slurm")
        elif self.name == "dask":
            _package("distributed", "dask")


class Opened(NamedTuple):
    """An executor that takes jobs, and the exceptions of its futures that mean that a job's process died."""

    executor: Executor
    deaths: tuple[type[BaseException], ...]


@contextmanager
def opened(where: JobExecutor, base: Path) -> Iterator[Opened]:
    """The executor of ``where``; what it writes lies below ``base``. Waits for its jobs when the block ends.

    Raises UserError as ``check``, or if it cannot be reached.
    """
    where.check()
    opening: Callable[[JobExecutor, Path], Any] = {"local": _local, "slurm": _slurm, "dask": _dask}[
        where.name
    ]
    with opening(where, base) as found:
        yield found


@contextmanager
def _local(where: JobExecutor, base: Path) -> Iterator[Opened]:  # noqa: ARG001  as it is called
    with _environment(_threads(1)), _Processes(where.jobs or 1) as executor:
        yield Opened(executor, (BrokenExecutor,))


class _Processes(ThreadPoolExecutor):
    """Each of its threads has a pool of one process: a process that is killed takes no other job with it."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._idle: SimpleQueue[ProcessPoolExecutor] = SimpleQueue()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return super().submit(self._elsewhere, partial(fn, *args, **kwargs))

    def _elsewhere(self, call: Callable[[], T]) -> T:
        try:
            pool = self._idle.get_nowait()
        except Empty:
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, context, leave_with_the_parent)
        try:
            result: T = pool.submit(call).result()
        except BaseException:
            pool.shutdown()
            raise
        self._idle.put(pool)
        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures)
        while not self._idle.empty():
            self._idle.get().shutdown(wait)


@contextmanager
def _slurm(where: JobExecutor, base: Path) -> Iterator[Opened]:
    submitit = _package("submitit", "slurm")
    options = {"timeout_min": MINUTES, **{name: _value(text) for name, text in where.options.items()}}
    cluster, cores = str(options.pop("cluster", "slurm")), int(options.setdefault("cpus_per_task", 1))
    if where.jobs is not None:
        options["array_parallelism"] = where.jobs
    try:
        auto = submitit.AutoExecutor(base / "slurm" / "%j", cluster, slurm_max_num_timeout=REQUEUES)
        shared = auto._typed_parameters()
        auto.update_parameters(
            **{name if name in shared else f"slurm_{name}": value for name, value in options.items()}
        )
    except (RuntimeError, NameError, ValueError, TypeError, AssertionError) as error:
        raise UserError(f"the executor slurm: {one_line(error)}") from error
    with _environment(_threads(cores)), _Array(auto) as executor:
        yield Opened(executor, (submitit.core.utils.UncompletedJobError,))


class _Array(Executor):
    """Jobs of submitit as futures: those that are submitted together are one array."""

    def __init__(self, auto: Any) -> None:
        self._auto = auto
        self._new: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if args or kwargs:
            raise TypeError("a job of an array is a callable without arguments")
        future: Future[T] = Future()
        self._new.put((future, fn))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closing.set()
        if wait:
            self._thread.join()

    def _poll(self) -> None:
        """Submit what is new as an array, and pass on the results, until all are there after the closing."""
        running: dict[Future[Any], Any] = {}
        while running or not self._new.empty() or not self._closing.is_set():
            new = dict(self._new.get() for _ in range(self._new.qsize()))
            try:
                running.update(
                    zip(new, self._auto.submit_array(list(new.values())), strict=True) if new else ()
                )
            except Exception as error:  # noqa: BLE001  the futures raise it
                for future in new:
                    future.set_exception(UserError(f"the executor slurm: {one_line(error)}"))
            for future, job in list(running.items()):
                if future.cancelled():
                    job.cancel()
                    future.set_running_or_notify_cancel()
                elif not _passed_on(job, future):
                    continue
                del running[future]
            self._closing.wait(POLL_SECONDS)


def _passed_on(job: Any, future: Future[Any]) -> bool:
    """Whether a job is at its end; its future has the result then, or the exception."""
    try:
        if not job.done():
            return False
        future.set_result(job.result())
    except Exception as error:  # noqa: BLE001  the future raises it
        future.set_exception(error)
    return True


@contextmanager
def _dask(where: JobExecutor, base: Path) -> Iterator[Opened]:  # noqa: ARG001  as it is called
    distributed = _package("distributed", "dask")
    address = where.options.get("scheduler")
    own = {"n_workers": where.jobs, "threads_per_worker": 1, "dashboard_address": None}
    with _environment(_threads(1)):
        try:
            client = distributed.Client(**own) if address is None else distributed.Client(address)
        except (OSError, ValueError) as error:
            raise UserError(f"the executor dask: {one_line(address)}: {one_line(error, 150)}") from error
        with client, client.get_executor(pure=False) as executor:
            yield Opened(executor, (distributed.KilledWorker,))


def _package(name: str, extra: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise UserError(
            f'the executor {extra} needs {name}: python -m pip install "minigrad-gans[{extra}]"'
        ) from None


def _value(text: str) -> int | float | bool | str:
    """An option as submitit takes it: a number, true or false, or a text.

    >>> _value("30"), _value("1.5"), _value("true"), _value("gpu")
    (30, 1.5, True, 'gpu')
    """
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]*\.[0-9]+", text):
        return float(text)
    return {"true": True, "false": False}.get(text, text)


def _threads(count: int) -> dict[str, str]:
    return dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(count))


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
