"""The command line on one of several ranks, the last of which has a fault: a program that ``mpiexec`` starts.

    python -m tests.gans.ranks.faulty FAULT FILE ARGUMENTS...

In the step FAULTY the last rank writes the time into FILE, and then has the FAULT.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gans.cli import main
from gans.errors import UserError
from gans.trainer.batches import Arrays, Batches

FAULTY = 5


def nan(arrays: Arrays) -> Arrays:
    return arrays._replace(real=arrays.real * np.float32("nan"))


def bug(arrays: Arrays) -> Arrays:
    raise ValueError("a fault of this rank alone")


def disk(arrays: Arrays) -> Arrays:
    raise OSError(28, "No space left on device", "data.npy")


def killed(arrays: Arrays) -> Arrays:
    os.kill(os.getpid(), signal.SIGKILL)
    return arrays


def terminated(arrays: Arrays) -> Arrays:
    os.kill(os.getpid(), signal.SIGTERM)
    return arrays


FAULTS: dict[str, Callable[[Arrays], Arrays]] = {
    fault.__name__: fault for fault in (nan, bug, disk, killed, terminated)
}


def plant(fault: Callable[[Arrays], Arrays], file: Path) -> None:
    """Make the batches of the step FAULTY go through ``fault``."""
    batch = Batches.batch

    def faulty(self: Batches, step: int, k: int, rng: Any) -> Arrays:
        arrays = batch(self, step, k, rng)
        if step != FAULTY:
            return arrays
        if not file.exists():
            file.write_text(str(time.time()))
        return fault(arrays)

    Batches.batch = faulty  # type: ignore[method-assign]


def unreadable(*arguments: Any) -> Any:
    raise UserError("images.gz: the file is cut short; copy it again")


def run(fault: str, file: Path, arguments: list[str]) -> int:
    rank, size = (int(os.environ[name]) for name in ("PMI_RANK", "PMI_SIZE"))
    if rank == size - 1:
        if fault in FAULTS:
            plant(FAULTS[fault], file)
        elif fault == "unreadable":
            from gans import preparing

            preparing.load_dataset = unreadable  # type: ignore[assignment]
        else:
            arguments = [*arguments, *fault.split()]  # its command differs from that of the others
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
