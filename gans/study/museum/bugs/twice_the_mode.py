"""The circle's first and last mode are one."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Array
from gans.study.museum.games import RING
from gans.study.museum.measures import centres


def modes(count: int) -> Array:
    angles = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def modes_wrong(count: int) -> Array:
    angles = np.linspace(0.0, 2 * np.pi, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


BUG = Bug(
    "Eight modes at seven centres",
    "several toys of published GANs: a ring from linspace(0, 2 pi, 8)",
    "0 and 2 pi are one direction: 7 centres, one with twice the samples, and no GAN can cover 8",
    "the end of the circle is left out",
    RING,
    "modes",
    modes,
    modes_wrong,
    Symptom("distinct centres of 8 modes", centres, 1),
    "modes",
)
