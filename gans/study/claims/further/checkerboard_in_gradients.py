"""The gradient that leaves a strided convolution is a checkerboard unless the stride divides its kernel."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.enlarging import spread
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import grad, tensor
from minigrad.ops import conv2d
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The spread of the gradient's inner pixels, from an even gradient through weights that are all one."""
    numbers, weight = {}, trial.rng.uniform(0.5, 2)
    for kernel in (2, 3, 4, 5, 6):
        x = tensor(trial.rng.normal(size=(1, 1, 32, 32)))
        y = conv2d(x, tensor(np.full((1, 1, kernel, kernel), weight)), stride=2)
        numbers[f"kernel_{kernel}"] = spread(grad(total(y), [x])[0].numpy())
    even = max(numbers["kernel_2"], numbers["kernel_4"], numbers["kernel_6"])
    return {"error": even if min(numbers["kernel_3"], numbers["kernel_5"]) > 0.1 else 1.0, **numbers}


CLAIM = Claim(
    says="D's gradient in an image has a checkerboard, too, unless the stride divides the kernel's size.",
    source="Odena et al. 2016, deconvolution and checkerboard artifacts",
    measured="the relative spread of the inner pixels of an even gradient that went back through a strided "
    "convolution with one weight, with kernels of 2 to 6 and a stride of 2.",
    refuted_by="a spread with 2, 4 or 6, or none above a tenth with 3 and 5 (then the error is 1).",
    effect=identity("error", "spread with kernels of 2, 4 and 6", 1e-12),
    measure=measure,
    picture=arms("relative spread", {f"kernel_{k}": f"{k} x {k}" for k in (2, 3, 4, 5, 6)}),
)
