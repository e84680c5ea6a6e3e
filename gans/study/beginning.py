"""Where a study begins: at a system as training has it after some steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gans.data import Dataset
from gans.systems import System
from gans.trainer import Training
from minigrad import manual_seed, random

__all__ = ["own_randomness", "train"]


def train(system: System, data: Dataset, seed: int, steps: int) -> None:
    """``steps`` steps of the training that ``seed`` decides."""
    if steps:
        training = Training(system, data, seed)
        for _ in range(steps):
            training.advance()


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """A block in which minigrad's generator begins at ``seed``; afterwards it is where it was."""
    before = random.get_state()
    manual_seed(seed)
    try:
        yield
    finally:
        random.set_state(before)
