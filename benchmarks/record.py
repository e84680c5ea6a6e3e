"""Results as JSON, with the command, the machine, the versions and the date."""

from __future__ import annotations

import json
import os
import platform
import shlex
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numba
import numpy as np

import minigrad
from benchmarks.peers import OPTIONAL

RESULTS = Path(__file__).parent / "results"

PLACES = ("--json", "--picture")


def keep(name: str, command: str, wanted: str, run: dict[str, Any], key: Sequence[str]) -> None:
    """Enter ``run`` into benchmarks/results/NAME.json, in place of one with the same ``key`` fields."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    earlier = json.loads(path.read_text())["runs"] if path.exists() else []
    runs = [old for old in earlier if any(old.get(field) != run.get(field) for field in key)] + [run]
    runs.sort(key=lambda r: [str(r.get(field)) for field in key])
    record = {
        "command": command,
        "wanted": wanted,
        **surroundings(),
        "runs": runs,
    }
    path.write_text(json.dumps(record, indent=1) + "\n")


def command(typed: Sequence[str]) -> str:
    """The command line that makes a figure, as typed, without the options for its output."""
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        if word in PLACES:
            next(words, None)
        elif not word.startswith(tuple(f"{place}=" for place in PLACES)):
            kept.append(word)
    return shlex.join(["python", "-m", "benchmarks", *kept])


def surroundings(sides: Sequence[str] = ()) -> dict[str, Any]:
    """The machine, the versions that a figure depends on, those of other sides included, and the date."""
    others = {side: metadata.version(side) for side in sides if side in OPTIONAL}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": {
            "processor": processor(),
            "cores": cores(),
            "threads": numba.config.NUMBA_NUM_THREADS,
            "system": platform.system(),
        },
        "versions": {
            "minigrad": minigrad.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            **others,
        },
    }


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's name and its vector instructions."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    vectors = [v for v in ("avx512f", "avx2") if v in fields.get("flags", "").split()]
    family = f"family {fields['cpu family']}" if "cpu family" in fields else platform.machine()
    return ", ".join([fields.get("model name", "unknown"), family, *vectors[:1]])
