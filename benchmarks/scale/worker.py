"""A rank of a measurement: a program that ``mpiexec`` starts; the first rank prints one line of JSON.

python -m benchmarks.scale.worker steps NAME BATCH STEPS
python -m benchmarks.scale.worker exchanges
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import TRAININGS
from gans.data import load
from gans.systems import settings_for
from gans.trainer import Length, Schedule, new_config, new_training, together
from gans.trainer.ranks import ranks_here
from minigrad.distributed import Communicator

SIZES = tuple(2**power for power in range(10, 25, 2))
"""Bytes of the arrays that are exchanged, 1 kB to 16 MB."""

REPEATS = 30


class Exchanges:
    """The seconds of a communicator's exchanges, waiting for the others included, and their bytes."""

    def __init__(self, ranks: Communicator) -> None:
        self.seconds, self.sizes = 0.0, list[int]()
        for name in ("all_reduce", "all_gather"):
            setattr(ranks, name, self._timed(getattr(ranks, name)))

    def _timed(self, exchange: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def timed(array: Any) -> Any:
            start = time.perf_counter()
            result = exchange(array)
            self.seconds += time.perf_counter() - start
            self.sizes.append(array.nbytes)
            return result

        return timed


def steps(name: str, batch: int, count: int) -> dict[str, Any]:
    """The median seconds of a captured step, its exchanges' share of all steps, and their bytes."""
    workload = TRAININGS[name]
    data = load("ring" if len(workload.shape) == 1 else "mnist5k")
    settings = settings_for(workload.model, data.kind, **{**workload.settings, "batch_size": batch})
    config = new_config(
        settings, data, Length(steps=2 * count), name=data.name, data_dir=None, seed=0, schedule=Schedule()
    )
    training = new_training(config, data)
    for _ in range(max(3, count // 4)):
        training.advance()
    exchanges, times = Exchanges(training.ranks), []
    for _ in range(count):
        start = time.perf_counter()
        training.advance()
        times.append(time.perf_counter() - start)
    sizes = exchanges.sizes[: len(exchanges.sizes) // count]
    return {"step": statistics.median(times), "share": exchanges.seconds / sum(times), "bytes": sizes}


def exchanges() -> dict[str, float]:
    """The median seconds of an all_reduce by its bytes."""
    ranks, found = ranks_here(), {}
    for size in SIZES:
        array, times = np.zeros(size // 4, np.float32), []
        for _ in range(REPEATS):
            start = time.perf_counter()
            ranks.all_reduce(array)
            times.append(time.perf_counter() - start)
        found[str(size)] = statistics.median(times)
    return found


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    with together():
        result = exchanges() if what == "exchanges" else steps(words[0], int(words[1]), int(words[2]))
        if ranks_here().rank == 0:
            print(json.dumps(result))
