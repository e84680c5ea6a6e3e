"""Where a study begins: at a system as training has it after some steps."""

from __future__ import annotations

from gans.data import Dataset
from gans.systems import System
from gans.trainer import Training

__all__ = ["train"]


def train(system: System, data: Dataset, seed: int, steps: int) -> None:
    """``steps`` steps of the training that ``seed`` decides."""
    if steps:
        training = Training(system, data, seed)
        for _ in range(steps):
            training.advance()
