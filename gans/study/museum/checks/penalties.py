"""Checks of a gradient penalty: on a critic with a known slope, at its points, and sample by sample."""

from __future__ import annotations

import math

import numpy as np

from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game, Play
from minigrad import Tensor, tensor
from minigrad.ops import reshape

__all__ = ["halves", "linear_critic", "segment"]


def linear_critic(game: Game) -> Outcome | None:
    """On f(x) = <a, x> the penalty is weight (norm(a) - 1)^2, of the whole sample."""
    if game.penalty is None:
        return None
    real, fake = _samples(game)
    a = np.linspace(0.5, 1.5, math.prod(real.shape[1:]))
    given = game.penalty(lambda x: _flat(x) @ tensor(a[:, None]), real, fake, np.random.default_rng(0)).item()
    right = game.weight * (float(np.linalg.norm(a)) - 1.0) ** 2
    holds = abs(given - right) < 1e-9 * max(1.0, right)
    words = "" if holds else f", not {right:.4g}"
    return Outcome(holds, f"the penalty of a linear critic is {given:.4g}{words}")


def segment(game: Game) -> Outcome | None:
    """The penalty's points lie between a real and a fake sample, on the line through both."""
    if game.penalty is None:
        return None
    real, fake = _samples(game)
    points = []

    def spy(x: Tensor) -> Tensor:
        points.append(x.numpy().reshape(len(x), -1))
        return _flat(x) @ tensor(np.ones((points[-1].shape[1], 1)))

    game.penalty(spy, real, fake, np.random.default_rng(0))
    a, b = (t.numpy().reshape(len(t), -1) for t in (fake, real))
    share = np.sum((points[0] - a) * (b - a), axis=1) / np.sum((b - a) ** 2, axis=1)
    off = np.abs(points[0] - a - share[:, None] * (b - a)).max()
    low, high = share.min(), share.max()
    holds = off < 1e-9 and low >= 0.0 and high <= 1.0
    return Outcome(
        bool(holds),
        f"the points are off the line by {off:.1e}, and at {low:.2f} to {high:.2f} of the way to real",
    )


def halves(game: Game) -> Outcome | None:
    """The penalty of a batch is the mean of its halves': no sample depends on another."""
    if game.penalty is None:
        return None
    play = Play(game)
    real, fake = _samples(game)
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    whole = game.penalty(play.D, real, fake, rng).item()
    n = len(real) // 2
    parts = [game.penalty(play.D, real[s], fake[s], again).item() for s in (slice(n), slice(n, None))]
    error = abs(whole - sum(parts) / 2) / max(abs(whole), 1e-12)
    return Outcome(error < 1e-9, f"the penalty of a batch and the mean of its halves' differ by {error:.1e}")


def _samples(game: Game) -> tuple[Tensor, Tensor]:
    batch = Play(game).batch(16)
    noise = np.random.default_rng(1).standard_normal(batch.real.shape)
    return batch.real, tensor(noise)


def _flat(x: Tensor) -> Tensor:
    return reshape(x, (len(x), -1))
