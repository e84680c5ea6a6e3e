"""What experiments on toys share: the start of a training, and the modes that its samples cover."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import ToyData, load
from gans.data.spec import spec_of
from gans.metrics import mode_coverage
from gans.systems import Ask, Settings, System, build
from gans.trainer import Training

__all__ = ["SAMPLES", "coverage", "points", "start"]

SAMPLES = 2_500
"""Points that PacGAN judges modes by."""


def start(
    settings: Settings, data: str, seed: int, system: type[System] | None = None
) -> tuple[Training, ToyData]:
    """A training from its first step, and its data; ``system`` stands in for the one of ``settings``."""
    toy = load(data)
    assert isinstance(toy, ToyData)
    mg.manual_seed(seed)
    made = build(settings, toy.shape) if system is None else system(settings, spec_of(toy))
    return Training(made, toy, seed), toy


def points(system: System, n: int = SAMPLES) -> NDArray[Any]:
    """``n`` samples, always from the same noise."""
    return system.sample(n, np.random.default_rng(12345), Ask()).samples


def coverage(system: System, toy: ToyData) -> dict[str, float | None]:
    """Modes, percentage of high quality and reverse KL of samples, as PacGAN defines them."""
    assert toy.modes is not None
    found = mode_coverage(points(system), toy.modes, toy.std)
    return {"modes": found.covered, "high_quality": 100 * found.high_quality, "reverse_kl": found.reverse_kl}
