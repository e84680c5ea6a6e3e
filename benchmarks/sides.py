"""A whole step on a side as a job to compare and to time."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.workloads import WORKLOADS, Step


def open_side(side: str, step: Step, device: str = "cpu") -> Any:
    """The work of a step on a side: ``step(number)`` and, of a training, ``weights()`` and ``averages()``."""
    return peers.load(side).training(step, device)


class StepJob:
    """A step on a side. Its outcome is that of a few first steps; the timed ones go on from there."""

    compared = 3
    held = False

    def __init__(self, side: str, step: Step, device: str = "cpu") -> None:
        self._work = open_side(side, step, device)
        self._trains = WORKLOADS[step.workload].step is not None
        self._number = 0

    def outcome(self) -> dict[str, Any]:
        if not self._trains:
            return {"images": np.array(self.run())}
        before = self._work.weights()
        losses = [self._read()]
        gradients = {f"gradient of {name}": m for name, m in self._work.averages().items()}
        losses += [self._read() for _ in range(self.compared - 1)]
        changes = {f"change of {name}": w - before[name] for name, w in self._work.weights().items()}
        return {"losses": np.array(losses)} | gradients | changes

    def run(self) -> Any:
        result = self._work.step(self._number)
        self._number += 1
        return result

    def _read(self) -> list[float]:
        return [float(loss) for loss in self.run()]
