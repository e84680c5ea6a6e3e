"""The square root's slope at 0 is infinite."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import PENALISED
from minigrad import Tensor, grad, modify, no_grad
from minigrad.ops import mean, sqrt, square, sum
from minigrad.random import uniform


def slope_between(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform((len(real), 1), dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return g


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    g = slope_between(D, real, fake, rng)
    norm = sqrt(sum(square(g), axis=1) + 1e-16)
    return mean(square(norm - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    g = slope_between(D, real, fake, rng)
    norm = sqrt(sum(square(g), axis=1))
    return mean(square(norm - 1.0))


def lost(play: Play) -> float:
    """The share of D's gradient that is NaN where all units of a layer are off."""
    for p in list(play.D.parameters())[:2]:
        modify(p, lambda weights: weights.__imul__(0.0))
    with np.errstate(all="ignore"):
        gradients = play.game.gradients_d(play, play.batch()).gradients
    numbers = np.concatenate([g.numpy().ravel() for g in gradients])
    return float(np.isnan(numbers).mean())


BUG = Bug(
    "NaN where the critic is flat",
    "keras-team/keras-io #624; Theano #3210 met the same at a norm of 0",
    "the derivative of the root at 0 is infinite, times the square's 0 it is NaN, in all weights at once",
    "a tiny number below the root, or a norm whose rule gives 0 at 0",
    PENALISED,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("share of D's gradient that is NaN once a layer is off", lost, 1),
    "finite",
)
