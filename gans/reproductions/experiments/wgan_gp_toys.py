"""WGAN-GP's three toys: 8 Gaussians, 25 Gaussians and the swiss roll (Gulrajani et al. 2017, figure 1).

The paper draws the critic's surface after training and gives no number; what it claims is that the critic
learns the whole distribution. Here that becomes figures: modes, high quality and reverse KL where there are
modes, the sliced Wasserstein distance where there is a curve, and the gradient's norm between data and
samples, which the penalty holds near 1. Settings: the authors' gan_toy.py.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import minigrad as mg
from gans.data.spec import Spec
from gans.metrics import sliced_wasserstein
from gans.networks.mlp import mlp
from gans.objectives import interpolate_gradient_norms
from gans.reproductions.experiment import Experiment, Figure, Row
from gans.reproductions.toys import coverage, points, start
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from gans.systems.two_player_settings import TwoPlayerSettings
from gans.systems.wasserstein import WGANGP
from minigrad import nn

__all__ = ["WGAN_GP_TOYS"]

STEPS = 100_000
NORMS = 2_048
"""Points between data and samples at which the gradient is measured."""

FROM_THE_FLOOR = 10_000
"""Points of the data and of the samples whose distance is measured."""


class AsPublished(WGANGP):
    """WGAN-GP with the weights of the authors' toys at the start: He's in hidden layers, no bias."""

    @staticmethod
    def networks(settings: TwoPlayerSettings, spec: Spec) -> dict[str, nn.Module]:
        hidden, (size,) = [settings.width] * settings.depth, spec.shape
        networks = {
            "generator": mlp((settings.latent, *hidden, size), nn.ReLU),
            "discriminator": mlp((size, *hidden, 1), nn.ReLU),
        }
        for network in networks.values():
            *inner, last = (layer for layer in network.modules() if isinstance(layer, nn.Linear))
            for layer in inner:
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.xavier_uniform_(last.weight)
            for layer in (*inner, last):
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
        return dict(networks)


def run(data: str, trial: Trial) -> dict[str, float | None]:
    """Train on a toy, and measure samples and the critic's gradient."""
    settings = settings_for(
        "wgan-gp",
        "points",
        lr=1e-4,
        lr_half_life=0,
        beta1=0.5,
        beta2=0.9,
        critic_steps=5,
        batch_size=256,
        latent=2,
        width=512,
        depth=3,
        penalty=0.1,
    )
    training, toy = start(settings, data, trial.seed, AsPublished)
    trial.train(training, save_every=500)
    gan, rng = training.system, np.random.default_rng(12345)
    assert isinstance(gan, AsPublished)
    real, fake = toy.sample(FROM_THE_FLOOR, rng), points(gan, FROM_THE_FLOOR)
    some = (mg.Tensor(real[:NORMS]), mg.Tensor(fake[:NORMS]))
    return {
        **(coverage(gan, toy) if toy.modes is not None else {}),
        "distance": sliced_wasserstein(real, fake),
        "floor": sliced_wasserstein(real, toy.sample(FROM_THE_FLOOR, rng)),
        "norm": float(interpolate_gradient_norms(gan.discriminator, *some, rng).numpy().mean()),
    }


def row(label: str, data: str) -> Row:
    """A row of one toy."""
    return Row(label, partial(run, data), settings={"data": data}, steps=STEPS, minutes=240)


WGAN_GP_TOYS = Experiment(
    title="WGAN-GP: the three toys",
    paper="Gulrajani et al. 2017, figure 1",
    protocol=(
        "WGAN-GP on 8 Gaussians, 25 Gaussians and the swiss roll. Modes, high quality and reverse KL of "
        "2,500 samples (a mode counts with a sample within 3 standard deviations); the Wasserstein "
        "distance of 10,000 samples from data, over 64 directions, beside that of data from data; the norm "
        "of the critic's gradient between data and samples, which the penalty holds near 1."
    ),
    source="the paper shows pictures alone; the settings are those of the authors' gan_toy.py.",
    trials=1,
    settings={
        "generator": "3 x 512 ReLU",
        "critic": "3 x 512 ReLU",
        "z": "2-D normal",
        "penalty": 0.1,
        "critic steps": 5,
        "batch": 256,
        "optimizer": "Adam",
        "rate": 1e-4,
        "beta1": 0.5,
        "beta2": 0.9,
        "steps of G": STEPS,
    },
    figures={
        "modes": Figure("modes", 1),
        "high_quality": Figure("high quality, %", 1),
        "reverse_kl": Figure("reverse KL", 3),
        "distance": Figure("distance", 4),
        "floor": Figure("data from data", 4),
        "norm": Figure("gradient norm", 3),
    },
    rows={
        "ring": row("8 Gaussians", "ring-gulrajani"),
        "grid": row("25 Gaussians", "grid-gulrajani"),
        "swiss-roll": row("swiss roll", "swiss-roll"),
    },
)
