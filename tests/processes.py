"""The repository, and other Python processes that find its sources."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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


def started(*arguments: str) -> subprocess.Popen[str]:
    """A Python process that runs on, with its output in pipes."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
