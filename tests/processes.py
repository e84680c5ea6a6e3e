"""The repository, and other Python processes that find its sources."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def environment(**changes: str | None) -> dict[str, str]:
    """This process's variables with the sources on Python's path and changes; None takes a variable away."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    variables = {**os.environ, "PYTHONPATH": path, **changes}
    return {name: value for name, value in variables.items() if value is not None}


def python(
    code: str,
    *arguments: object,
    options: Sequence[str] = (),
    cwd: Path | None = None,
    seconds: float = 120,
    **changes: str | None,
) -> subprocess.CompletedProcess[str]:
    """The outputs and the exit status of a process that runs ``code`` and ends within ``seconds``."""
    return subprocess.run(
        [sys.executable, *options, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(**changes),
        timeout=seconds,
        cwd=cwd,
        check=False,
    )


_started: list[subprocess.Popen[str]] = []
"""Of the test that runs."""


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """A Python process that runs on, with ``options`` of Popen; without them its output goes into pipes.

    It ends at the latest with the test that started it.
    """
    pipes = {"env": environment(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, *map(str, arguments)], text=True, **{**pipes, **options})
    _started.append(process)
    return process


def end_started() -> None:
    """End the processes that a test left, as one does that fails between their start and their end."""
    while _started:
        with _started.pop() as process:  # closes its pipes and waits
            process.kill()
