"""A code drawn from the wrong distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Array, Play
from gans.study.museum.games import RING


def noise(rng: np.random.Generator, n: int) -> Array:
    return rng.uniform(-1.0, 1.0, (n, 4))


def noise_wrong(rng: np.random.Generator, n: int) -> Array:
    return rng.normal(-1.0, 1.0, (n, 4))


def outside(play: Play) -> float:
    """The share of codes outside [-1, 1]."""
    return float(np.mean(np.abs(play.game.noise(np.random.default_rng(0), 10_000)) > 1))


BUG = Bug(
    "N(-1, 1) for U(-1, 1)",
    "PyTorch-GAN #25: InfoGAN's continuous codes from np.random.normal(-1, 1)",
    "the same two arguments are a mean and a deviation: half of the codes lie outside the range",
    "uniform codes, between the two arguments",
    replace(RING, name="ring, uniform codes", noise_is="uniform"),
    "noise",
    noise,
    noise_wrong,
    Symptom("share of codes outside [-1, 1]", outside, 1),
    "noise",
)
