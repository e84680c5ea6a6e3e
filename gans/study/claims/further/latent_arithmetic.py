"""Arithmetic with z: a right one minus the left one's fellow is the left one's opposite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gans.data.toys import ring
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor

SIGNS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
"""The modes: two properties, left or right and below or above."""

SUMS, EXEMPLARS = 500, 3


def measure(trial: Trial) -> Numbers:
    """How often a - b + c of mean z of three exemplars each gives the mode that lacks; and single z."""
    square = replace(ring(4, std=0.1), name="square", modes=SIGNS)
    training, _ = started(trial, "gan", square, width=64, batch_size=128, latent=8)
    trial.train(training, 1_500)
    gan, rng = training.system, np.random.default_rng(1)
    assert isinstance(gan, TwoPlayer)
    z = rng.standard_normal((5_000, 8))
    modes = _modes(gan, z)
    of = [z[modes == mode] for mode in range(4)]
    numbers = {}
    for name, exemplars in (("mean", EXEMPLARS), ("single", 1)):
        shares = [_share(gan, of, target, exemplars, rng) for target in range(4)]
        numbers[name] = float(np.mean(shares))
    return numbers


def _modes(gan: TwoPlayer, z: NDArray[np.float64]) -> NDArray[np.int64]:
    """The mode nearest to each sample."""
    made = gan.generate(tensor(z, np.float32))
    nearest: NDArray[np.int64] = ((made[:, None] - SIGNS) ** 2).sum(axis=2).argmin(axis=1)
    return nearest


def _share(
    gan: TwoPlayer, of: list[NDArray[np.float64]], target: int, exemplars: int, rng: np.random.Generator
) -> float:
    """The share of sums a - b + c in mode ``target``: b is its opposite, a and c are its neighbours."""
    a, b, c = target ^ 1, target ^ 3, target ^ 2
    if min(len(of[mode]) for mode in (a, b, c)) == 0:
        return 0.0
    mean = {
        mode: of[mode][rng.integers(len(of[mode]), size=(SUMS, exemplars))].mean(axis=1) for mode in (a, b, c)
    }
    return float((_modes(gan, mean[a] - mean[b] + mean[c]) == target).mean())


CLAIM = Claim(
    says="Vectors of z add up in meaning: right above, minus right below, plus left below, is left above.",
    source="Radford et al. 2015, section 6.3.2; documents 003",
    measured="how often the sum of mean z of three exemplars each gives a sample of the fourth of four "
    "modes, with two properties, after 1,500 steps; the picture has sums of single z, too. Chance is 0.25.",
    refuted_by="fewer than three in four.",
    effect=Effect(name="mean", words="share in the right mode", at_least=0.75),
    measure=measure,
    picture=arms("share in the right mode", {"mean": "means of three", "single": "single z"}, line=0.25),
)
