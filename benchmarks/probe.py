"""One workload in a process of its own: ``python -m benchmarks.probe SIDE NAME COUNT THREADS``.

Writes a line when the first step has finished, and the process's largest resident memory in bytes after the
last. It imports what a training needs and nothing else.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from benchmarks import peers
from benchmarks.sides import open_side
from benchmarks.workloads import step


def main(side: str, name: str, count: int, threads: int) -> None:
    """Make ``count`` steps."""
    peer = peers.load(side)
    peer.set_threads(threads)
    with peer.within():
        work = open_side(side, step(name))
        work.step(0)
        print("first step", flush=True)
        for number in range(1, count):
            work.step(number)
    print(peak_memory(), flush=True)


def peak_memory() -> int:
    """Bytes of the largest resident set since this program was started."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage's figure there is never below that of the process that started this one
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
