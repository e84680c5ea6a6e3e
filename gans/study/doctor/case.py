"""What the doctor's rules read of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data import Dataset
from gans.errors import UserError
from gans.systems import System
from gans.trainer import RunFolder, load_data, load_system, read_metrics

__all__ = ["Case"]

Array = NDArray[np.float64]

SAMPLES = 512
LATE = 4
"""The last of so many parts of a run are late."""


@dataclass(frozen=True)
class Case:
    """A run: its title, the system of its checkpoint, its metrics, and its data."""

    title: str
    system: System
    step: int
    history: list[dict[str, Any]]
    data: Dataset

    @classmethod
    def of(cls, path: Path, data: Dataset | None = None) -> Case:
        """The run in a folder; ``data`` are those that it was trained on, if they have no name.

        Raises UserError if there is no run, or one without a step.
        """
        config, system, step = load_system(path)
        history = [line for line in read_metrics(RunFolder(path).metrics) if line["step"] <= step]
        if not history:
            raise UserError(f"{path}: no step in metrics.jsonl; train the run before the doctor looks at it")
        return cls(config.title, system, step, history, load_data(config) if data is None else data)

    def metric(self, name: str) -> Array:
        """A metric over the steps that have it: (n,), n = 0 without it."""
        found = [line[name] for line in self.history if line.get(name) is not None]
        return np.asarray(found, dtype=np.float64)

    def late(self, name: str) -> float | None:
        """The median of a metric in the last quarter of the run; None without it."""
        found = self.metric(name)
        return float(np.median(found[-max(1, len(found) // LATE) :])) if len(found) else None

    @cached_property
    def real(self) -> Array | None:
        """Samples of the data as rows; None of data without one array of samples."""
        data: Any = self.data
        if data.kind == "points":
            return np.asarray(data.sample(SAMPLES, np.random.default_rng(0)), dtype=np.float64)
        if data.kind == "image":
            images = np.asarray(data.train(slice(SAMPLES)), dtype=np.float64)
            return images.reshape(len(images), -1)
        return None

    @cached_property
    def fake(self) -> Array | None:
        """Samples of the run as rows; None where ``real`` is."""
        if self.real is None:
            return None
        made = self.system.sample(SAMPLES, np.random.default_rng(0)).samples
        return np.asarray(made, dtype=np.float64).reshape(len(made), -1)
