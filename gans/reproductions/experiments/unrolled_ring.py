"""Unrolled GAN on the ring of eight Gaussians, by the steps that G looks ahead (Metz et al. 2017).

The paper draws how a GAN goes from mode to mode and an unrolled one covers all; it has no table for the ring.
The settings are those of the authors' notebook, which says that they differ from the paper's. Its ring has
seven places, since linspace(0, 2 pi, 8) has both ends; here there are eight. The Unrolled row of VEEGAN's
table (7.6 modes, 35.6% of high quality) is another protocol, and no figure to compare with.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gans.data import ToyData
from gans.reproductions.experiment import Experiment, Figure, Row
from gans.reproductions.toys import coverage, start
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from gans.trainer import Training

__all__ = ["SETTINGS", "STEPS", "UNROLLED_RING", "train"]

STEPS = 25_000

SETTINGS: dict[str, Any] = {
    "generator": "2 x 128 tanh",
    "discriminator": "2 x 128 tanh",
    "weights": "orthogonal, gain 1.4",
    "z": "256-D normal",
    "batch": 512,
    "optimizer": "Adam",
    "rate of G": 1e-3,
    "rate of D": 1e-4,
    "beta1": 0.5,
    "steps": STEPS,
}
"""Those of the authors' notebook."""


def train(unroll: int, data: str, trial: Trial) -> tuple[Training, ToyData]:
    """The training with ``unroll`` steps ahead, at its end, and its data; the modes over it are its trace."""
    settings = settings_for(
        "unrolled",
        "points",
        unroll=unroll,
        lr=1e-3,
        lr_ratio=0.1,
        lr_half_life=0,
        beta1=0.5,
        batch_size=512,
        latent=256,
        width=128,
        depth=2,
    )
    training, toy = start(settings, data, trial.seed)
    trial.train(
        training,
        measure=lambda training: {"modes": float(coverage(training.system, toy)["modes"] or 0)},
        every=max(1, trial.steps // 50),
    )
    return training, toy


def run(unroll: int, trial: Trial) -> dict[str, float | None]:
    """Train with ``unroll`` steps ahead, and count the modes of samples over training."""
    training, toy = train(unroll, "ring", trial)
    modes = trial.trace["modes"]
    last = modes[-len(modes) // 2 :]
    return {**coverage(training.system, toy), "mean_modes": sum(last) / len(last)}


def row(label: str, unroll: int, minutes: float) -> Row:
    """A row with ``unroll`` steps ahead."""
    return Row(label, partial(run, unroll), settings={"unroll": unroll}, steps=STEPS, minutes=minutes)


UNROLLED_RING = Experiment(
    title="Unrolled GAN: the ring of eight",
    paper="Metz et al. 2017",
    protocol=(
        "Modes, high quality and reverse KL of 2,500 samples at the end (a mode counts with a sample "
        "within 3 standard deviations), and the mean number of modes over the second half of training, "
        "which a GAN that goes from mode to mode keeps low."
    ),
    source=(
        "the paper shows pictures alone; the settings are those of the authors' notebook, with eight "
        "places where its ring has seven."
    ),
    trials=3,
    settings={**SETTINGS, "ring": "radius 1, standard deviation 0.01"},
    figures={
        "modes": Figure("modes", 1),
        "mean_modes": Figure("modes, second half", 1),
        "high_quality": Figure("high quality, %", 1),
        "reverse_kl": Figure("reverse KL", 3),
    },
    rows={
        "ahead-0": row("GAN, no step ahead", 0, 5),
        "ahead-1": row("1 step ahead", 1, 10),
        "ahead-5": row("5 steps ahead", 5, 25),
        "ahead-10": row("10 steps ahead", 10, 50),
    },
)
