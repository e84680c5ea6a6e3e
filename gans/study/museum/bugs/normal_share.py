"""The share between real and fake samples is a normal number."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import PENALISED
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, norm_per_sample, square, sum
from minigrad.random import normal, uniform


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform((len(real), 1), dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return mean(square(norm_per_sample(g) - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = normal((len(real), 1), dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return mean(square(norm_per_sample(g) - 1.0))


def beyond(play: Play) -> float:
    """The share of the penalty's points that lie beyond the real or the fake sample."""
    a, b = np.zeros((1_000, 2)), np.ones((1_000, 2))
    seen = []

    def spy(x: Tensor) -> Tensor:
        seen.append(x.numpy())
        return play.D(x)

    assert play.game.penalty is not None
    play.game.penalty(spy, Tensor(b), Tensor(a), play.rng)
    return float(np.mean((seen[0] < 0) | (seen[0] > 1)))


BUG = Bug(
    "A normal share",
    "keras-team/keras-io #624: alpha from a normal distribution",
    "two of three points lie beyond one of both samples, where G never is",
    "a uniform share from 0 to 1",
    PENALISED,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("share of the penalty's points that are not between", beyond, 1),
    "segment",
)
