"""The four panels of the first GAN paper: D, the data, G's samples and the arrows from z to x."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gans.metrics import wasserstein_1d
from gans.plots.figures.style import BLUE, DARK, GREEN, bare, figure
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import normal
from gans.study.board.toys import samples, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor

LOOKS, STEPS = 16, 1_600
PLACES, NOISE = np.linspace(1, 7, 37), np.linspace(-2, 2, 9)
PANELS = (0, 2, 5, LOOKS - 1)


def measure(trial: Trial) -> Numbers:
    """W1 of samples and data at the end, and at each look D, the samples' density and the arrows."""
    training, toy = started(
        trial, "gan", "gaussian", width=32, batch_size=128, latent=1, lr_half_life=400, beta1=0.5
    )
    gan, numbers = training.system, dict[str, float | list[float]]()
    assert isinstance(gan, TwoPlayer)
    looks = trial.cut(LOOKS, LOOKS)
    for look in range(looks):
        trial.train(training, STEPS // LOOKS if look else 1)
        d, made = gan.judge(PLACES[:, None]), samples(training)[:, 0]
        assert d is not None
        apart = (PLACES[:, None] - made[None, :]) / 0.15
        numbers[f"d_{look}"] = d.astype(float).round(4).tolist()
        numbers[f"density_{look}"] = (np.exp(-0.5 * apart**2).mean(axis=1) / 0.376).round(4).tolist()
        numbers[f"arrows_{look}"] = gan.generate(tensor(NOISE[:, None], np.float32))[:, 0].tolist()
    real = toy.sample(2_000, np.random.default_rng(1))
    return {"w1": wasserstein_1d(samples(training), real), **numbers}


def draw(axes: Axes, numbers: Sequence[Numbers]) -> None:
    """Four looks of the first seed."""
    made = axes.figure
    axes.remove()
    for place, look in enumerate(PANELS):
        _panel(cast(Figure, made).add_subplot(1, 4, place + 1), numbers[0], look)


def film(numbers: Sequence[Numbers]) -> list[Figure]:
    """All looks of the first seed."""
    frames = []
    for look in range(LOOKS):
        made = figure(3.6, 2.8)
        axes = made.add_subplot()
        bare(axes)
        _panel(axes, numbers[0], look)
        axes.set_title(f"step {1 + look * (STEPS // LOOKS):,}", fontsize=9)
        made.tight_layout()
        frames.append(made)
    return frames


def _panel(axes: Axes, numbers: Numbers, look: int) -> None:
    axes.plot(PLACES, normal(PLACES, 4, 0.5), ":", color=DARK, lw=1.2)
    axes.plot(PLACES, np.asarray(numbers[f"density_{look}"], dtype=float), color=GREEN, lw=1.4)
    axes.plot(PLACES, np.asarray(numbers[f"d_{look}"], dtype=float), "--", color=BLUE, lw=1.2)
    for z, x in zip(NOISE, np.asarray(numbers[f"arrows_{look}"], dtype=float), strict=True):
        axes.plot([4 + z * 0.75, np.clip(x, 1, 7)], [-0.9, -0.25], color=DARK, lw=0.6)
    axes.hlines([-0.9, -0.25], 1, 7, color=DARK, lw=0.8)
    axes.set_ylim(-1, 1.6)
    axes.set_xlim(1, 7)
    axes.set_xticks([])
    axes.set_yticks([0, 1])


CLAIM = Claim(
    says="On the line G's density moves along D's slope onto the data, and D flattens at a half.",
    source="Goodfellow et al. 2014, figure 1",
    measured="W1 of samples and N(4, 0.5²) after 1,600 steps. The panels show the first seed: D dashed, the "
    "data dotted, samples green, below them the way from z to x.",
    refuted_by="a W1 above 0.15.",
    effect=Effect(name="w1", words="W1 at the end", at_most=0.15),
    measure=measure,
    picture=draw,
    film=film,
)
