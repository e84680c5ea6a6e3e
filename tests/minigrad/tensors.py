"""Small Tensors of float64 that tests differentiate."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from minigrad import Tensor


def numbers(*values: float) -> Tensor:
    return mg.tensor(np.array(values))


def normal(*shape: int, seed: int = 0) -> Tensor:
    return mg.tensor(np.random.default_rng(seed).standard_normal(shape))
