"""The critic's slope is taken after a sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.objectives.penalties import gradient_penalty
from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import PENALISED
from gans.study.museum.measures import slope
from minigrad import Tensor
from minigrad.ops import sigmoid


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    return gradient_penalty(1.0)(D, real, fake, rng)


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    return gradient_penalty(1.0)(lambda x: sigmoid(D(x)), real, fake, rng)


BUG = Bug(
    "The penalty is that of a sigmoid",
    "WGAN-GP made from a GAN's D with its sigmoid; Gulrajani et al. 2017, section 4, penalise the score",
    "the probability's slope is at most a quarter of the score's: the score must be steep, and grows",
    "the slope of the score itself",
    PENALISED,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("mean norm of D's slope, which the penalty holds at 1", slope, 150),
    "linear critic",
)
