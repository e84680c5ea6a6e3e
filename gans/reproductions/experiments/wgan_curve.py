"""WGAN's critic against the exact Wasserstein distance over training (Arjovsky et al. 2017).

The paper plots the critic's estimate over training beside samples, and says that it falls as they improve;
it gives no number. On the line W1 can be computed exactly, so that the claim becomes one: the rank
correlation of both curves. The settings are this project's. The estimate is that of a trained critic
(theorem 3), so the critic begins with 500 updates against the untrained generator.
"""

from __future__ import annotations

from typing import cast

import numpy as np

import minigrad as mg
from gans.data import ToyData
from gans.metrics import rank_correlation, wasserstein_1d
from gans.reproductions.experiment import Experiment, Figure, Row
from gans.reproductions.toys import start
from gans.reproductions.trial import Trial
from gans.steps import discriminator_step
from gans.systems import settings_for
from gans.systems.two_player import TwoPlayer
from gans.trainer import Training

__all__ = ["WGAN_CURVE", "distances"]

STEPS, EVERY, FIRST_UPDATES, POINTS = 2_500, 20, 500, 10_000


def trial(trial: Trial) -> dict[str, float]:
    """A WGAN on N(4, 0.5^2): the correlation of both curves, and where each begins and ends."""
    settings = settings_for(
        "wgan",
        "points",
        lr=2e-5,
        lr_ratio=10.0,
        clip=0.1,
        critic_steps=10,
        batch_size=256,
        latent=2,
        width=128,
        depth=2,
    )
    training, toy = start(settings, "gaussian", trial.seed)
    trace = trial.train(
        training,
        before=lambda training: train_critic(training, toy, FIRST_UPDATES),
        measure=lambda training: distances(training, toy),
        every=EVERY,
    )
    return {
        "correlation": rank_correlation(trace["w1"], trace["estimate"]),
        "w1": trace["w1"][-1],
    }


def train_critic(training: Training, toy: ToyData, updates: int) -> None:
    """Updates of the critic alone."""
    gan, rng = cast(TwoPlayer, training.system), training.rng
    n = gan.settings.batch_size
    assert isinstance(rng, np.random.Generator)
    for _ in range(updates):
        real, z = mg.Tensor(toy.sample(n, rng)), gan.latent(n, rng)
        discriminator_step(gan.generator, gan.discriminator, gan.optimizer_d, gan.objective, real, z, rng)


def distances(training: Training, toy: ToyData) -> dict[str, float]:
    """The exact W1 of data and samples, and the critic's estimate, which its weights' bound scales."""
    gan, rng = cast(TwoPlayer, training.system), np.random.default_rng(12345)
    real, fake = toy.sample(POINTS, rng), gan.generate(gan.latent(POINTS, rng))
    with mg.no_grad():
        on_real, on_fake = (gan.discriminator(mg.Tensor(x)).data.mean() for x in (real, fake))
    return {"w1": wasserstein_1d(real, fake), "estimate": float(on_real - on_fake)}


WGAN_CURVE = Experiment(
    title="WGAN: the critic's estimate against the exact distance",
    paper="Arjovsky et al. 2017",
    protocol=(
        "A WGAN on the Gaussian N(4, 0.5²) of the line. Every 20 steps the critic's estimate and the exact "
        "W1 of 10,000 points; the figure is Spearman's correlation of both over training."
    ),
    source="the paper plots the estimate and has no number for how well it follows; the settings are ours.",
    trials=3,
    settings={
        "optimizer": "RMSprop",
        "rate of G": 2e-5,
        "rate of the critic": 2e-4,
        "clip": 0.1,
        "critic steps": 10,
        "batch": 256,
        "networks": "2 x 128 ReLU",
        "steps": STEPS,
    },
    figures={
        "correlation": Figure("rank correlation of estimate and W1", 3),
        "w1": Figure("W1 at the end", 3),
    },
    rows={"gaussian": Row("WGAN, a Gaussian on the line", trial, steps=STEPS, least=2 * EVERY, minutes=1)},
)
