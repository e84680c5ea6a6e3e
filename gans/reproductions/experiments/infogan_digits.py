"""InfoGAN: categories that no label taught, as a classifier of digits (Chen et al. 2016, section 7.2).

Published: an error of 5%, where each category stands for a digit. The settings are those of the authors'
launcher. Q reads the category off real test images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.metrics.matching import matched_share
from gans.networks.dcgan import initialised
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun, whole_mnist
from gans.reproductions.networks import HIDDEN, generator_1024, trunk_1024
from gans.reproductions.trial import Trial
from gans.systems import System, settings_for
from gans.systems.codes import categories_of
from gans.systems.infogan import InfoGAN
from gans.systems.infogan_settings import InfoGANSettings
from gans.trainer import Training
from minigrad import nn

__all__ = ["INFOGAN_DIGITS"]

STEPS = 5_000
CATEGORIES, CODES, NOISE = 10, 2, 62
SLOPE = 0.01
"""Of LeakyReLU, in the authors' code."""

WATCHED = 1_000
"""Test images of the curve."""


class AsPublished(InfoGAN):
    """InfoGAN with the authors' networks, and z from U(-1, 1)."""

    prior = "uniform"

    @staticmethod
    def networks(settings: InfoGANSettings, spec: Spec) -> dict[str, nn.Module]:
        code = settings.categories + settings.codes
        guess = nn.Sequential(
            nn.Linear(HIDDEN, 128, bias=False), nn.BatchNorm1d(128), nn.LeakyReLU(SLOPE), nn.Linear(128, code)
        )
        return {
            "generator": generator_1024(settings.latent + code, spec.shape),
            "trunk": trunk_1024(spec.shape, SLOPE),
            "head": initialised(nn.Linear(HIDDEN, 1)),
            "recognition": initialised(guess),
        }


def categories(system: System, images: NDArray[np.float32]) -> NDArray[np.int64]:
    """The category that Q reads off each image, (n,)."""
    with system.evaluating():
        return categories_of(system, images)


def error(training: Training, data: Any, count: int | None = None) -> float:
    """Percentage of the first ``count`` test images whose category does not stand for their digit."""
    found = categories(training.system, data.test(slice(count)))
    return 100 * (1 - matched_share(found, data.test_labels[:count], CATEGORIES))


def run(trial: Trial) -> dict[str, float | None]:
    """Train InfoGAN, and let Q classify the test images."""
    data = whole_mnist(trial)
    settings = settings_for(
        "infogan", "image", latent=NOISE, lr=1e-3, lr_ratio=0.2, lr_half_life=0, beta1=0.5, beta2=0.999,
        batch_size=128, ema=0.0, warp_from=0, warp_steps=0, views_weight=0.0, categories=CATEGORIES,
        codes=CODES,
    )  # fmt: skip
    training = begun(AsPublished, settings, data, trial)
    every = max(1, trial.steps // 20)
    trial.train(
        training,
        measure=lambda training: {"error": error(training, data, WATCHED)},
        every=every,
        save_every=100,
    )
    return {"error": error(training, data)}


INFOGAN_DIGITS = Experiment(
    title="InfoGAN: digits without labels",
    paper="Chen et al. 2016, section 7.2",
    protocol=(
        "InfoGAN with ten categories and two continuous codes. Q reads a category off each of the 10,000 "
        "test images; the best one-to-one map from categories to digits is chosen on the first half of them, "
        "and the error is that of the second. Training has no labels. The paper gives one figure, without a "
        "spread or a number of trials."
    ),
    source="section 7.2 of the paper; the settings are those of the authors' launcher.",
    trials=1,
    settings={
        "generator": "74-1024-7x7x128-14x14x64-28x28, batch norm and ReLU",
        "discriminator": "64 and 128 maps of 4x4/2, 1024 units, batch norm",
        "Q": "128 units on D's 1024",
        "z": "62-D uniform",
        "optimizer": "Adam",
        "rate of G": 1e-3,
        "rate of D": 2e-4,
        "beta1": 0.5,
        "weight of the information": 1.0,
        "batch": 128,
        "training images": 60_000,
        "steps": STEPS,
    },
    figures={"error": Figure("error, %", 1)},
    rows={"infogan": Row("InfoGAN", run, {"error": Published(5.0)}, steps=STEPS, minutes=60)},
)
