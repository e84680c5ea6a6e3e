"""Trained systems for tests of pictures, of the small systems that every test of systems has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.plotting import Trained
from gans.trainer import Length, Schedule, Training, new_config
from tests.gans.systems.test_every_system import data_of, small


def trained_of(training: Training, folder: Path, data: Any) -> Trained:
    """The system of ``training`` as a run in ``folder`` would have it."""
    config = new_config(
        training.system.settings,
        data,
        Length(steps=100),
        name=data.name,
        data_dir=None,
        seed=training.seed,
        schedule=Schedule(),
        device="cpu",
    )
    checkpoint = folder / "checkpoint.safetensors"
    mg.save(checkpoint, training.state_dict())
    return Trained(training.system, config, training.step, checkpoint, lambda: data)


def trained(name: str, kind: str, folder: Path, *, steps: int = 1, **changes: Any) -> Trained:
    """A small system of a case of the tests of every system, after ``steps`` steps."""
    training = small(name, kind, **changes)()
    for _ in range(steps):
        training.advance()
    return trained_of(training, folder, data_of(name, kind))


def rate(function: Any, x: NDArray[Any], direction: NDArray[Any], step: float = 1e-6) -> float:
    """The central difference of ``function`` at ``x`` along ``direction``."""
    ahead, behind = (function(x + sign * step * direction) for sign in (1, -1))
    return float(ahead - behind) / (2 * step)


def doubled(array: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(array, np.float64)
