"""The ``scale`` command: strong and weak scaling over processes, and the model of larger clusters."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import table, timing
from benchmarks.scale import cluster, picture
from benchmarks.workloads import TRAININGS
from gans.cli.numbers import positive
from gans.errors import UserError

STEPS = {"dcgan": 12, "wgan-gp": 12, "mlp": 60, "toy": 200}
"""Steps that count in a turn."""

SHARES = (4, 8, 16, 32, 64)
"""Batches of one process whose steps give the seconds of a sample."""


@dataclass(frozen=True)
class Job:
    """``ranks`` processes of ``threads`` threads each, which train with a batch of ``batch`` in all."""

    title: str
    ranks: int
    threads: int
    batch: int


def add_parser(commands: Any) -> None:
    """The ``scale`` command."""
    parser = commands.add_parser("scale", help=__doc__)
    parser.add_argument("--only", nargs="+", choices=TRAININGS, metavar="NAME", default=["dcgan", "mlp"])
    parser.add_argument("--batch", type=positive, default=64, help="of the whole training (%(default)s)")
    parser.add_argument("--turns", type=positive, default=5, help="turns of each kind (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw the model of clusters")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the files of the options."""
    if arguments.batch % 2:
        raise UserError(f"`batch` {arguments.batch} does not divide among 2 ranks; take an even one")
    rows = [measure(name, arguments.batch, arguments.turns) for name in arguments.only]
    exchanges = {int(size): seconds for size, seconds in _started(2, 1, "exchanges").items()}
    network = cluster.measured_network(exchanges)
    console = table.console()
    table.show(_measured(rows), console)
    table.show(_computed(rows, network), console)
    found = {"rows": rows, "all_reduce": exchanges, "network": network._asdict()}
    record = table.write_json(arguments.json, arguments.command, found, [])
    if arguments.picture is not None:
        picture.clusters(record, rows, [network, *cluster.ASSUMED], arguments.picture)
    return 0


def measure(name: str, batch: int, turns: int) -> dict[str, Any]:
    """The steps of each kind of job, in turn, and of one process by its batch."""
    jobs = (
        Job("threads", 1, 2, batch),
        Job("ranks", 2, 1, batch),
        Job("one", 1, 1, batch),
        Job("twice", 2, 1, 2 * batch),
    )
    seen: dict[str, list[dict[str, Any]]] = {job.title: [] for job in jobs}
    for _ in range(turns):
        for job in jobs:
            seen[job.title].append(_steps(name, job))
    steps = {title: [one["step"] for one in found] for title, found in seen.items()}
    alone = {share: _steps(name, Job("one", 1, 1, share))["step"] for share in SHARES}
    return {
        "name": name,
        "title": f"{TRAININGS[name].title}, batch {batch}",
        "batch": batch,
        "seconds": {title: statistics.median(times) for title, times in steps.items()},
        "strong": timing.ratio(steps["threads"], steps["ranks"])._asdict(),
        "weak": timing.ratio(steps["one"], steps["twice"])._asdict(),
        "share": statistics.median(one["share"] for one in seen["ranks"]),
        "bytes": seen["ranks"][0]["bytes"],
        "alone": alone,
    }


def _steps(name: str, job: Job) -> dict[str, Any]:
    return _started(job.ranks, job.threads, "steps", name, job.batch, STEPS[name])


def _started(ranks: int, threads: int, *arguments: object) -> dict[str, Any]:
    """What the worker prints in ``ranks`` processes of ``threads`` threads each."""
    launcher = [] if ranks == 1 else [_launcher(), "-n", str(ranks)]
    count = str(threads)
    ended = subprocess.run(
        [*launcher, sys.executable, "-m", "benchmarks.scale.worker", *map(str, arguments)],
        env={**os.environ, "NUMBA_NUM_THREADS": count, "OMP_NUM_THREADS": count},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise UserError(f"a measurement failed: {ended.stderr.strip().splitlines()[-1:]}")
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result


def _launcher() -> str:
    """The mpiexec of this environment, or that on the path."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if found is None:
        raise UserError("there is no mpiexec: pip install mpi4py mpich")
    return found


def _measured(rows: list[dict[str, Any]]) -> Any:
    made = table.table(
        "one captured step, ms; ratios: median (quartiles)",
        ["step"],
        [
            "1 process, 2 threads",
            "2 ranks, 1 thread",
            "strong: first / second",
            "weak: 1 rank / 2 ranks of 2 batches",
            "exchanges' share",
        ],
    )
    for row in rows:
        ratios = [table.with_spread(timing.Spread(**row[name])) for name in ("strong", "weak")]
        times = [table.milliseconds(row["seconds"][kind]) for kind in ("threads", "ranks")]
        made.add_row(row["title"], *times, *ratios, f"{row['share']:.0%}")
    return made


def _computed(rows: list[dict[str, Any]], network: cluster.Network) -> Any:
    """At which number of ranks communication takes a tenth of a step, by the batch."""
    made = table.table(
        "ranks at which communication passes a tenth of the step (computed; - never)",
        ["step", "network"],
        [f"batch {batch}" for batch in picture.BATCHES],
    )
    for row in rows:
        compute = cluster.fitted(row["alone"])
        for one in (network, *cluster.ASSUMED):
            found = [cluster.ranks_at_a_tenth(row["bytes"], b, compute, one) for b in picture.BATCHES]
            made.add_row(row["title"].rpartition(",")[0], one.name, *(str(k or "-") for k in found))
    return made
