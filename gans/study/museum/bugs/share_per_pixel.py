"""Each number of a sample has a share of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import DIGITS
from minigrad import Tensor, grad, no_grad
from minigrad.ops import mean, norm_per_sample, square, sum
from minigrad.random import uniform


def penalty(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform((len(real), 1, 1, 1), dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return mean(square(norm_per_sample(g) - 1.0))


def penalty_wrong(D: Any, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
    with no_grad():
        t = uniform(real.shape, dtype=np.float64, generator=rng)
        x = t * real + (1 - t) * fake
    (g,) = grad(sum(D(x)), [x], create_graph=True)
    return mean(square(norm_per_sample(g) - 1.0))


def off_line(play: Play) -> float:
    """How far the points of the penalty are from the line between real and fake samples, in its lengths."""
    batch = play.batch(64)
    real, fake = batch.real, play.G(batch.z).detach()
    seen = []

    def spy(x: Tensor) -> Tensor:
        seen.append(x.numpy())
        return play.D(x)

    assert play.game.penalty is not None
    play.game.penalty(spy, real, fake, play.rng)
    x, a, b = (array.reshape(64, -1) for array in (seen[0], fake.numpy(), real.numpy()))
    share = np.sum((x - a) * (b - a), axis=1, keepdims=True) / np.sum((b - a) ** 2, axis=1, keepdims=True)
    return float(np.mean(np.linalg.norm(x - a - share * (b - a), axis=1) / np.linalg.norm(b - a, axis=1)))


BUG = Bug(
    "A share for each pixel",
    "PyTorch-GAN #5 (mended in one file, not in its DRAGAN), hwalsuklee's collection #33",
    "the points are in the box around a real and a fake image, not between them: noisy mixtures of both",
    "one share for a sample",
    DIGITS,
    "penalty",
    penalty,
    penalty_wrong,
    Symptom("distance of the penalty's points from the line, in its lengths", off_line, 20),
    "segment",
)
