"""From a process's start to its first finished step or first image, and the memory that 20 of them need."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from benchmarks import options, peers, table
from benchmarks.workloads import WORKLOADS, step

Row = dict[str, Any]


class Probe(NamedTuple):
    """Seconds until the first step had finished, and the peak of resident memory in bytes.

    ``grown`` is the peak of the steps beyond what was resident before networks and batches were made.
    """

    seconds: float
    memory: int
    grown: int = 0


def add_parser(commands: Any) -> None:
    """The ``startup`` command."""
    parser = commands.add_parser("startup", help=__doc__)
    options.add_against(parser)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, metavar="NAME", default=["dcgan"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options."""
    sides = peers.sides(arguments.against, numpy=False)
    rows = measure(arguments.only, sides, table.console())
    table.write_json(arguments.json, arguments.command, {"rows": rows}, sides)
    return 0


def measure(
    names: list[str], sides: list[str], console: Console, *, starts: int = 3, steps: int = 20
) -> list[Row]:
    """A row for each step and side."""
    made = table.table(
        f"process start to first finished step, s; peak resident memory of {steps} steps",
        ["step", "side"],
        ["warm cache", "cold cache", "memory, MiB"],
    )
    rows = []
    for name in names:
        for side in sides:
            cold = cold_start(side, name).seconds if side == "minigrad" else None
            filling = probe(side, name, steps)
            warm = [probe(side, name, 1).seconds for _ in range(starts)]
            row = {
                "name": name,
                "side": side,
                "warm_seconds": statistics.median(warm),
                "cold_seconds": cold,
                "peak_bytes": filling.memory,
            }
            rows.append(row)
            made.add_row(
                step(name).title,
                side,
                f"{row['warm_seconds']:.2f}",
                "" if cold is None else f"{cold:.1f}",
                f"{filling.memory / 2**20:.0f}",
            )
    table.show(made, console)
    return rows


def cold_start(side: str, name: str) -> Probe:
    """A first step for which every kernel has to be compiled."""
    with tempfile.TemporaryDirectory() as folder:
        return probe(side, name, 1, NUMBA_CACHE_DIR=folder)


def probe(side: str, name: str, steps: int, *place: str, **variables: str) -> Probe:
    """A fresh process that makes ``steps`` steps; ``place`` is their batch, and the size of an image."""
    command = [sys.executable, "-m", "benchmarks.probe", side, name, str(steps), str(peers.threads()), *place]
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            env={**os.environ, **variables},
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            seconds = time.perf_counter() - started
            rest = process.stdout.read()
        if process.returncode or first != "first step\n":
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{errors.read()}")
    return Probe(seconds, *map(int, rest.split()))
