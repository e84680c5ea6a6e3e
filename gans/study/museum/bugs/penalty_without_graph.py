"""The penalty is in the loss, and its gradient is missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import PENALISED
from gans.study.museum.measures import slope
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, norm_per_sample, square, sum
from minigrad.random import uniform


def between(real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform((len(real), 1), dtype=np.float64, generator=rng)
        return t * real + (1 - t) * fake


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    x = between(real, fake, rng)
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return mean(square(norm_per_sample(g) - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    x = between(real, fake, rng)
    (g,) = grad(sum(D(x)), [x], create_graph=False)
    return mean(square(norm_per_sample(g) - 1.0))


BUG = Bug(
    "The penalty's own gradient is missing",
    "mlpack #3063: WGAN-GP whose penalty has no backward pass of its own",
    "D's slope is computed without its graph: the printed loss has the penalty, the weights never feel it",
    "the slope is differentiated again, in D's weights",
    PENALISED,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("mean norm of D's slope, which the penalty holds at 1", slope, 150),
    "finite differences",
)
