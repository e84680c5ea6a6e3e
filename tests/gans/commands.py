"""Runs of the command line for tests: in this process, and in another one that can be killed."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import minigrad as mg
from gans.cli import main
from gans.data.idx import idx_bytes
from gans.data.images import STEMS
from tests import processes
from tests.states import flat

TIMED = ("seconds",)

TOY = ("train", "gan", "--data", "ring", "--batch-size", 16)


def gans(*arguments: object) -> int:
    """The command line in this process; its exit status."""
    return main([str(argument) for argument in arguments])


def failure(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a failing command prints."""
    capsys.readouterr()
    assert gans(*arguments) == 2
    [line] = said(capsys.readouterr().err)
    assert line.startswith("gans: error: ")
    return line


def environment(**changes: str | None) -> dict[str, str]:
    """The variables of a process that finds the sources and multiplies matrices on one core."""
    return processes.environment(OPENBLAS_NUM_THREADS="1", **changes)


def start(cwd: Path, *arguments: object, **changes: str | None) -> subprocess.Popen[str]:
    """A process that runs gans in a folder, with changed variables; its output goes into pipes."""
    return processes.started("-m", "gans", *arguments, cwd=cwd, env=environment(**changes))


def finish(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out, err


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Until the condition holds; an error if the process ends before."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()}")
        if time.monotonic() > end:
            process.kill()
            raise AssertionError("waited too long")
        time.sleep(0.005)


def workers_of(pid: int) -> list[int]:
    """The processes in which the process ``pid`` runs jobs."""
    workers = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if any("spawn_main" in argument for argument in child.cmdline()):
                workers.append(child.pid)
    return workers


def records(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what a clock measured; every line must be whole."""
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    return [{name: value for name, value in json.loads(line).items() if name not in TIMED} for line in lines]


def line_count(run: Path) -> int:
    path = run / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def assert_same_run(run: Path, other: Path) -> None:
    """Weights, optimizers, random states, metrics and pictures are equal, bit for bit."""
    assert flat(mg.load(run / "checkpoint.safetensors")) == flat(mg.load(other / "checkpoint.safetensors"))
    assert records(run) == records(other)
    pictures = {path.name: path.read_bytes() for path in (run / "samples").iterdir()}
    assert pictures == {path.name: path.read_bytes() for path in (other / "samples").iterdir()}


def said(err: str) -> list[str]:
    """The lines on standard error, but for the engine's notice that it compiles."""
    return [line for line in err.splitlines() if not line.startswith("minigrad: compiling")]


def idx_folder(folder: Path, images: np.ndarray[Any, np.dtype[np.uint8]]) -> Path:
    """A folder of IDX files with ``images`` (n, h, w) as training and as test set."""
    folder.mkdir()
    labels = (np.arange(len(images)) % 10).astype(np.uint8)
    for stem in STEMS:
        content = idx_bytes(images if "images" in stem else labels)
        (folder / f"{stem}.gz").write_bytes(gzip.compress(content, mtime=0))
    return folder
