"""The sides of the training steps by name, and a step on one as a job to compare and to time."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import PYTORCH
from benchmarks.training import Side, start


def open_side(side: str, name: str, batch: int | None = None, device: str = "cpu") -> Any:
    """The training of a workload on a side: ``step(number)``, ``weights()`` and ``averages()``."""
    if side in PYTORCH:
        from benchmarks.peers import pytorch_graphs, pytorch_steps

        kinds = {"torch": pytorch_steps.TorchSide, "torch-graph": pytorch_graphs.GraphSide}
        return kinds[side](start(name, batch), device)
    return Side(start(name, batch, device))


class StepJob:
    """A workload on a side. Its outcome is that of a few first steps; the timed ones go on from there."""

    compared = 3
    held = False

    def __init__(self, side: str, name: str, batch: int | None = None, device: str = "cpu") -> None:
        self._training = open_side(side, name, batch, device)
        self._number = 0

    def outcome(self) -> dict[str, Any]:
        before = self._training.weights()
        losses = [self._read()]
        gradients = {f"gradient of {name}": m for name, m in self._training.averages().items()}
        losses += [self._read() for _ in range(self.compared - 1)]
        changes = {f"change of {name}": w - before[name] for name, w in self._training.weights().items()}
        return {"losses": np.array(losses)} | gradients | changes

    def run(self) -> Any:
        losses = self._training.step(self._number)
        self._number += 1
        return losses

    def _read(self) -> list[float]:
        return [float(loss) for loss in self.run()]
