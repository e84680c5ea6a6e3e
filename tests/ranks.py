"""Other processes that compute together: the ranks that ``mpiexec`` starts."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.processes import environment

BESIDE = Path(sys.executable).with_name("mpiexec")  # of the MPI that mpi4py in this environment belongs to
MPIEXEC = str(BESIDE) if BESIDE.exists() else shutil.which("mpiexec")
JOB = "MINIGRAD_TEST_JOB"

needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason="mpi4py or mpiexec is missing: pip install mpi4py mpich",
)

OPEN_MPI = {  # it refuses root and more ranks than cores; MPICH does not read these
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}


def on_ranks(
    count: int, *arguments: object, seconds: float = 60, cwd: Path | None = None, **changes: str | None
) -> subprocess.CompletedProcess[str]:
    """The outputs and the exit status of ``mpiexec -n count python *arguments``, each rank with one thread.

    One such job runs at a time, in all of the tests' processes. It has ``seconds``, else the test fails; none
    of its processes is left, however it ends.
    """
    assert MPIEXEC is not None
    job = uuid.uuid4().hex
    threads = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with _turn():
        process = subprocess.Popen(
            [MPIEXEC, "-n", str(count), sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=environment(**{**OPEN_MPI, **threads, JOB: job, **changes}),
        )
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(job)
            out, err = process.communicate()
            pytest.fail(f"{count} ranks took longer than {seconds} s\n{out}\n{err}")
        finally:
            _end(job)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def processes_with(variable: str, value: str) -> list[int]:
    """The processes that have this variable in their environment."""
    mark, found = f"{variable}={value}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to somebody else
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def _end(job: str) -> None:
    """End the job's processes, those too that one of them was just starting, and wait until they are gone."""
    for _ in range(200):
        left = processes_with(JOB, job)
        if not left:
            return
        for number in left:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.05)
    raise RuntimeError(f"processes {left} of a test do not end")


@contextmanager
def _turn() -> Iterator[None]:
    """Waits until no other process of the tests has ranks running."""
    with (Path(tempfile.gettempdir()) / f"minigrad-ranks-{os.getuid()}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
