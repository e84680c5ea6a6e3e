"""Kernels that the stride divides add up evenly; others leave a checkerboard."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import tensor
from minigrad.ops import conv_transpose2d


def measure(trial: Trial) -> Numbers:
    """The spread of a constant image's inner pixels after a transposed convolution with one weight."""
    numbers, weight = {}, trial.rng.uniform(0.5, 2)
    for kernel in (2, 3, 4, 5, 6):
        made = conv_transpose2d(
            tensor(np.ones((1, 1, 12, 12))), tensor(np.full((1, 1, kernel, kernel), weight)), stride=2
        ).numpy()[0, 0]
        inner = made[kernel:-kernel, kernel:-kernel]
        numbers[f"kernel_{kernel}"] = float(inner.std() / inner.mean())
    even = max(numbers["kernel_2"], numbers["kernel_4"], numbers["kernel_6"])
    return {"error": even if min(numbers["kernel_3"], numbers["kernel_5"]) > 0.1 else 1.0, **numbers}


CLAIM = Claim(
    says="Transposed convolutions leave a checkerboard unless the stride divides the kernel's size.",
    source="documents 003; Odena et al. 2016, deconvolution and checkerboard artifacts",
    measured="the relative spread of a constant image's inner pixels, with kernels of 2 to 6 and a stride "
    "of 2.",
    refuted_by="a spread with 2, 4 or 6, or none above a tenth with 3 and 5 (then the error is 1).",
    effect=identity("error", "spread with kernels of 2, 4 and 6", 1e-12),
    measure=measure,
    picture=arms("relative spread", {f"kernel_{k}": f"{k} x {k}" for k in (2, 3, 4, 5, 6)}),
)
