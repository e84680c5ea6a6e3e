"""How many digits the numbers have."""

from __future__ import annotations

import numpy as np

from gans.study.comparisons.change import ANY, Change, Variant
from gans.study.comparisons.scene import Findings, Scene

__all__ = ["CHANGES"]


def in_float64(s: Scene) -> Findings:
    s = s.astype(np.float64)
    fake = s.G(s.z)
    return {
        "D's step": s.gradients(s.loss_d(fake.detach()), s.D),
        "G's step": s.gradients(s.loss_g(fake), s.G),
    }


def in_float32(s: Scene) -> Findings:
    s = s.astype(np.float32)
    fake = s.G(s.z)
    return {
        "D's step": s.gradients(s.loss_d(fake.detach()), s.D),
        "G's step": s.gradients(s.loss_g(fake), s.G),
    }


CHANGES = (
    Change(
        "dtype",
        "the numbers of weights, samples and gradients",
        Variant("float64", in_float64),
        Variant("float32", in_float32),
        ANY,
    ),
)
