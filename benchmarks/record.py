"""Results as JSON, with the command, the machine, the versions and the date."""

from __future__ import annotations

import json
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
from benchmarks import peers
from gans.machine import cores, processor

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
    needed = dict.fromkeys(peers.peer(side).needs for side in sides)
    others = {name: metadata.version(name) for name in needed if name}
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
