"""One workload in a process of its own: ``python -m benchmarks.probe SIDE NAME COUNT THREADS [BATCH HxWxC]``.

Writes a line when the first step has finished. After the last it writes the process's largest resident memory
in bytes, and by how much the largest during the steps exceeds what was resident before networks and batches
were made. It imports what the steps need and nothing else.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from benchmarks import options, peers
from benchmarks.sides import open_side
from benchmarks.workloads import Step, step

STATUS = Path("/proc/self/status")


def main(side: str, count: int, threads: int, task: Step) -> None:
    """Make ``count`` steps."""
    peer = peers.load(side)
    peer.set_threads(threads)
    start = resident()
    with peer.within():
        work = open_side(side, task)
        highest = peak()
        forget_peak()
        work.step(0)
        print("first step", flush=True)
        for number in range(1, count):
            work.step(number)
    print(max(highest, peak()), peak() - start, flush=True)


def peak() -> int:
    """Bytes of the largest resident set since this program was started, or since ``forget_peak``."""
    if STATUS.exists():  # getrusage's figure there is never below that of the process that started this one
        return _status("VmHWM")
    return _used()


def resident() -> int:
    """Bytes of the resident set now; where the system does not say, of the largest so far."""
    return _status("VmRSS") if STATUS.exists() else _used()


def forget_peak() -> None:
    """The peak is the present resident set from now on, on Linux."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def _status(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def _used() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    _side, _name, _count, _threads, *_rest = sys.argv[1:]
    _batch = int(_rest[0]) if _rest else None
    _image = options.image(_rest[1]) if len(_rest) > 1 else None
    main(_side, int(_count), int(_threads), step(_name, _batch, _image))
