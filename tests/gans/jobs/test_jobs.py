"""Jobs on each executor: each takes every step once, whatever dies or stops meanwhile."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import psutil
import pytest

from gans.errors import UserError
from gans.jobs import JobExecutor, StoppedError, carry_out, executors, sole
from tests import processes
from tests.gans.commands import wait_for, workers_of
from tests.gans.jobs.counting import LAST, Count, number, steps

ALL = list(range(1, LAST + 1))
TWO = JobExecutor("local", 2)


def run(
    where: JobExecutor, base: Path, *jobs: Count, stop: Callable[[], bool] = lambda: False
) -> tuple[list[str], list[str]]:
    """The titles of the jobs that are done, and the lines that were said."""
    said: list[str] = []
    done = [job.title for job in carry_out(jobs, where, base, stop, said.append)]
    assert not list(base.glob(".jobs-*"))
    return sorted(done), said


@pytest.mark.parametrize("where", [JobExecutor(), TWO], ids=["here", "two processes"])
def test_all_jobs_are_done_once(tmp_path: Path, where: JobExecutor) -> None:
    jobs = [Count(tmp_path / name) for name in "abc"]
    done, said = run(where, tmp_path, *jobs)
    assert done == ["a", "b", "c"]
    assert sorted(said) == [f"{name} is at its end" for name in "abc"]
    assert run(where, tmp_path, *jobs)[0] == done
    assert all(steps(job.folder) == ALL for job in jobs)


def test_a_job_whose_process_dies_goes_on_and_takes_no_other_with_it(tmp_path: Path) -> None:
    jobs = [Count(tmp_path / "dies", deaths=2), Count(tmp_path / "a"), Count(tmp_path / "b")]
    done, said = run(TWO, tmp_path, *jobs)
    assert done == ["a", "b", "dies"]
    assert said.count("dies: its process was killed; it goes on from what it saved") == 2
    assert all(steps(job.folder) == ALL for job in jobs)


def test_a_job_that_always_dies_is_left_out(tmp_path: Path) -> None:
    jobs = [Count(tmp_path / "dies", deaths=9), Count(tmp_path / "a"), Count(tmp_path / "b")]
    with pytest.raises(UserError, match=r"^dies: killed 3 times, .*; the same command goes on"):
        run(TWO, tmp_path, *jobs)
    assert [number(job.folder) for job in jobs] == [5, LAST, LAST]


def test_an_error_of_a_job_stops_the_others(tmp_path: Path) -> None:
    jobs = [Count(tmp_path / "waits", wait=True), Count(tmp_path / "fails", error="no data; get some")]
    with pytest.raises(UserError, match=r"^no data; get some$"):
        run(TWO, tmp_path, *jobs)
    assert number(jobs[0].folder) in (0, 5)  # it waits for ever, unless it is stopped
    assert number(jobs[1].folder) == 5


@pytest.mark.parametrize("where", [JobExecutor(), TWO], ids=["here", "two processes"])
def test_a_job_that_another_process_has_is_skipped(tmp_path: Path, where: JobExecutor) -> None:
    with sole(tmp_path / "a"):
        done, said = run(where, tmp_path, Count(tmp_path / "a"), Count(tmp_path / "b"))
    assert done == ["b"]
    assert "a: another process is running it" in said


def test_a_stop_stops_running_jobs_and_those_that_have_not_begun(tmp_path: Path) -> None:
    jobs = [Count(tmp_path / name, wait=True) for name in "abcd"]
    with pytest.raises(StoppedError):
        run(TWO, tmp_path, *jobs, stop=lambda: len(list(tmp_path.glob("*/waits"))) == 2)
    assert [number(job.folder) for job in jobs] == [5, 5, 0, 0]


KILLED = """\
import sys
from pathlib import Path
from gans.jobs import JobExecutor, carry_out
from tests.gans.jobs.counting import Count
base = Path(sys.argv[1])
if __name__ == "__main__":
    jobs = [Count(base / name, wait=True) for name in "ab"]
    list(carry_out(jobs, JobExecutor("local", 3), base, lambda: False, print))
"""


def test_processes_leave_when_the_command_is_killed(tmp_path: Path) -> None:
    """Those that have a job save first; what the command left behind goes with the next one."""
    script = tmp_path / "command.py"
    script.write_text(KILLED)
    command = processes.started(script, tmp_path)
    wait_for(lambda: len(list(tmp_path.glob("*/waits"))) == 2, command)
    workers = workers_of(command.pid)
    assert len(workers) == 2
    command.send_signal(signal.SIGKILL)
    command.communicate()
    for _ in range(2_000):
        if not any(map(psutil.pid_exists, workers)):
            break
        threading.Event().wait(0.01)
    assert not any(map(psutil.pid_exists, workers))
    assert list(tmp_path.glob(".jobs-*"))
    assert run(JobExecutor("local", 2), tmp_path, *(Count(tmp_path / name) for name in "ab"))[0] == ["a", "b"]
    assert [steps(tmp_path / name) for name in "ab"] == [ALL, ALL]


def test_processes_have_one_thread_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with executors.opened(TWO, tmp_path) as (executor, _):
        found = [executor.submit(os.getenv, name) for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")]
        assert [future.result() for future in found] == ["1", "1"]
    assert (os.environ["NUMBA_NUM_THREADS"], os.getenv("OMP_NUM_THREADS")) == ("7", None)


def test_slurm_runs_an_array_and_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With processes of submitit in the place of SLURM's, on a file system that shows files at once."""
    submitit = pytest.importorskip("submitit")
    monkeypatch.setattr(submitit.core.core.Job, "_results_timeout_s", 0)
    where = JobExecutor("slurm", None, {"cluster": "local", "partition": "any", "timeout_min": "5"})
    jobs = [Count(tmp_path / "dies", deaths=1), Count(tmp_path / "a")]
    done, said = run(where, tmp_path, *jobs)
    assert done == ["a", "dies"]
    assert "dies: its process was killed; it goes on from what it saved" in said
    assert all(steps(job.folder) == ALL for job in jobs)


def test_a_stop_reaches_jobs_of_slurm(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    where = JobExecutor("slurm", None, {"cluster": "local"})
    job = Count(tmp_path / "a", wait=True)
    with pytest.raises(StoppedError):
        run(where, tmp_path, job, stop=(job.folder / "waits").exists)
    assert number(job.folder) == 5


def test_slurm_queues_a_job_again_that_meets_its_time_limit(tmp_path: Path) -> None:
    """Its callable is what submitit pickles then, and begins as any job."""
    submitit = pytest.importorskip("submitit")
    from gans.jobs.channel import JobsEnd
    from gans.jobs.process import Work

    work = Work(Count(tmp_path / "a"), JobsEnd(tmp_path, 0))
    again = work.checkpoint()
    assert isinstance(again, submitit.helpers.DelayedSubmission)
    assert again.result() == ("done", "")


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({}, "the executor slurm: Could not detect .srun."),
        ({"cluster": "local", "partitoin": "x"}, "Unknown argument 'partitoin' for executor 'slurm'"),
        ({"cluster": "local", "mem_gb": "much"}, 'Parameter "mem_gb" expected type'),
        ({"cluster": "moon"}, "doesn't know any executor named moon"),
    ],
)
def test_what_submitit_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], refused: str
) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=refused):
        run(JobExecutor("slurm", None, options), tmp_path, Count(tmp_path / "a"))


def test_an_array_that_slurm_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submitit = pytest.importorskip("submitit")

    def refuse(self: object, functions: object) -> None:
        raise submitit.core.utils.FailedSubmissionError("sbatch: invalid partition\nspecified: moon")

    monkeypatch.setattr(submitit.AutoExecutor, "submit_array", refuse)
    with pytest.raises(UserError, match=r"^the executor slurm: sbatch: invalid partition specified: moon$"):
        run(JobExecutor("slurm", None, {"cluster": "local"}), tmp_path, Count(tmp_path / "a"))


class FakeClient:
    """A client of Dask whose cluster is a thread of this process."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, address: str | None = None, **options: Any) -> None:
        self.calls.append({"address": address, **options})
        if address == "tcp://nowhere:1":
            raise OSError("Timed out trying to connect to tcp://nowhere:1 after 30 s")

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def get_executor(self, pure: bool) -> Executor:
        assert not pure  # the same job may run twice
        return ThreadPoolExecutor(2) if self.calls[-1]["address"] != "tcp://lost:1" else LostExecutor()


class LostExecutor(Executor):
    """Its scheduler is gone: futures are dropped."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


@pytest.fixture
def fake_dask(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    fake = SimpleNamespace(Client=FakeClient, KilledWorker=type("KilledWorker", (Exception,), {}))
    monkeypatch.setitem(sys.modules, "distributed", fake)  # type: ignore[arg-type]
    FakeClient.calls.clear()
    return FakeClient.calls


def test_dask_gets_its_jobs_through_its_executor(tmp_path: Path, fake_dask: list[dict[str, Any]]) -> None:
    where = JobExecutor("dask", None, {"scheduler": "tcp://there:8786"})
    jobs = [Count(tmp_path / name) for name in "abc"]
    assert run(where, tmp_path, *jobs)[0] == ["a", "b", "c"]
    assert all(steps(job.folder) == ALL for job in jobs)
    run(JobExecutor("dask", 2), tmp_path, Count(tmp_path / "d"))
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    assert fake_dask == [{"address": "tcp://there:8786"}, {"address": None, **local}]


@pytest.mark.usefixtures("fake_dask")
def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    where = JobExecutor("dask", None, {"scheduler": "tcp://nowhere:1"})
    with pytest.raises(UserError, match=r"^the executor dask: tcp://nowhere:1: Timed out trying to connect"):
        run(where, tmp_path, Count(tmp_path / "a"))


@pytest.mark.usefixtures("fake_dask")
def test_a_scheduler_that_is_lost_is_one_line(tmp_path: Path) -> None:
    where = JobExecutor("dask", None, {"scheduler": "tcp://lost:1"})
    with pytest.raises(UserError, match=r"^a: the executor dropped it; the same command goes on with it$"):
        run(where, tmp_path, Count(tmp_path / "a"))


def test_dask_itself(tmp_path: Path) -> None:
    """A cluster of two processes on this machine."""
    pytest.importorskip("distributed")
    jobs = [Count(tmp_path / "dies", deaths=1), Count(tmp_path / "a")]
    assert run(JobExecutor("dask", 2), tmp_path, *jobs)[0] == ["a", "dies"]
    assert all(steps(job.folder) == ALL for job in jobs)


@pytest.mark.parametrize(
    ("where", "refused"),
    [
        (JobExecutor("slrum"), r"there is no `executor` 'slrum' \(choose from local, slurm, dask\)"),
        (JobExecutor("local", 0), "`jobs` must be at least 1, got 0"),
        (JobExecutor("local", 2, {"a": "b"}), r"the executor local has no option 'a' \(it has none\)"),
        (JobExecutor("dask", 2, {"a": "b"}), r"the executor dask has no option 'a' \(it has scheduler\)"),
    ],
)
def test_mistakes(tmp_path: Path, where: JobExecutor, refused: str) -> None:
    with pytest.raises(UserError, match=refused):
        run(where, tmp_path, Count(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "package"), [("slurm", "submitit"), ("dask", "distributed")])
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    with pytest.raises(ImportError):
        importlib.import_module(package)
    with pytest.raises(UserError, match=rf'needs {package}: python -m pip install "minigrad-gans\[{name}\]"'):
        run(JobExecutor(name), tmp_path, Count(tmp_path / "a"))
