"""Stacked MNIST: modes of 1,000 with a small D, and the order of PGGAN's parts (Karras et al. 2018, table 4).

The table has a GAN, WGAN-GP, and what PGGAN adds to it one after the other: normalisation (equalised learning
rates and pixel norm), the standard deviation of the minibatch, growing. D has a quarter of G's maps. These
trainings are too long for two cores. The GAN's row has the settings of PacGAN's repository, which repeats
it, and 500,000 steps. The others are scaled: PGGAN's networks with 8 maps next to the image, 20,000 steps.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from gans.data import StackedData
from gans.data.spec import Spec
from gans.metrics import evaluate_stacked
from gans.networks.dcgan import initialised, sizes_of
from gans.networks.growing import GrowingDiscriminator, GrowingGenerator, conv
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun, samples, whole_mnist, with_networks
from gans.reproductions.trial import Trial
from gans.systems import System, settings_for
from gans.systems.gan import DCGAN
from gans.systems.pggan import PGGAN
from gans.systems.pggan_settings import PGGANSettings
from minigrad import nn
from minigrad.nn.utils import remove_equalized_lr

__all__ = ["STACKED_MODES"]

SAMPLES = 25_600
STEPS, SCALED_STEPS = 500_000, 20_000
MAPS = (64, 32, 16, 8)
"""Of the small GAN's G, from 4 to 28 pixels; the last D's are a quarter, in reverse."""

QUARTER, SLOPE = 4, 0.3
FEATURES = 8
"""Maps of the scaled rows next to the image."""

PHASE = 0.15
"""The share of a training that a level is faded in, or held."""


def small_networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
    """G and D of the Unrolled GAN's paper for this set, with D = G / 4."""
    c, (first, *others) = spec.shape[0], MAPS
    G: list[nn.Module] = [nn.Linear(settings.latent, first * 16), nn.Unflatten(1, (first, 4, 4))]
    G += [nn.BatchNorm2d(first), nn.ReLU()]
    for before, after in zip(MAPS[:-1], others, strict=True):
        even = int(before != first)  # 4 pixels become 7, then 14 and 28
        G += [nn.ConvTranspose2d(before, after, 3, 2, padding=1, output_padding=even)]
        G += [nn.BatchNorm2d(after), nn.ReLU()]
    D: list[nn.Module] = []
    before = c
    for maps in reversed(others):
        D += [nn.Conv2d(before, maps // QUARTER, 3, 2, padding=1)]
        D += [nn.BatchNorm2d(maps // QUARTER), nn.LeakyReLU(SLOPE)]
        before = maps // QUARTER
    return {
        "generator": initialised(nn.Sequential(*G, nn.Conv2d(MAPS[-1], c, 3, padding=1), nn.Tanh())),
        "discriminator": initialised(nn.Sequential(*D, nn.Flatten(), nn.Linear(before * 16, 1))),
    }


class Parts(NamedTuple):
    """What a row has of PGGAN."""

    normalisation: bool = False
    minibatch_std: bool = False
    growing: bool = False


class AtFullSize(PGGAN):
    """PGGAN at its last level from the first step."""

    def growth(self, step: int) -> tuple[int, float]:
        return len(self.sizes) - 1, 1.0


def networks_with(parts: Parts, settings: PGGANSettings, spec: Spec) -> dict[str, nn.Module]:
    """PGGAN's networks with these parts alone; D has a quarter of G's maps."""
    c, sizes = spec.shape[0], sizes_of(spec.shape)[::-1]
    maps = [settings.features * 2**k for k in reversed(range(len(sizes)))]
    few = [m // QUARTER for m in maps]
    G, D = GrowingGenerator(settings.latent, sizes, maps, c), GrowingDiscriminator(sizes, few, c)
    if not parts.minibatch_std:
        last: Any = D.blocks[0]
        _, _, *tail = last
        D.blocks = nn.ModuleList([nn.Sequential(conv(few[0], few[0]), *tail), *list(D.blocks)[1:]])
    if not parts.normalisation:
        G.blocks = nn.ModuleList([with_batch_norm(block, m) for block, m in zip(G.blocks, maps, strict=True)])
        for network in (G, D):
            for layer in network.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d):
                    remove_equalized_lr(layer)
    return {"generator": G, "discriminator": D}


def with_batch_norm(block: Any, maps: int) -> nn.Sequential:
    """The block with batch norm in place of pixel norm, and none on z."""
    on_z = isinstance(next(iter(block)), nn.PixelNorm)
    layers = list(block)[1:] if on_z else list(block)
    return nn.Sequential(
        *(nn.BatchNorm2d(maps) if isinstance(layer, nn.PixelNorm) else layer for layer in layers)
    )


def gan(trial: Trial) -> dict[str, float | None]:
    """Train the small GAN, and count its modes."""
    settings = settings_for(
        "dcgan", "image", objective="non-saturating", lr=1e-4, lr_ratio=2.0, lr_half_life=0, beta1=0.5,
        beta2=0.99, batch_size=128, latent=256,
    )  # fmt: skip
    return measured(with_networks(DCGAN, small_networks), settings, trial)


def ablated(parts: Parts, trial: Trial) -> dict[str, float | None]:
    """Train with these parts of PGGAN, and count the modes."""
    phase = max(1, round(PHASE * trial.steps))
    settings = settings_for(
        "pggan", "image", batch_size=64, features=FEATURES, fade_steps=phase, hold_steps=phase, latent=64
    )
    system = PGGAN if parts.growing else AtFullSize
    return measured(with_networks(system, partial(networks_with, parts)), settings, trial)


def measured(system: type[System], settings: Any, trial: Trial) -> dict[str, float | None]:
    """Train ``system`` on stacked digits; the modes of its samples, and their divergence from the data's."""
    data = StackedData(whole_mnist(trial))
    training = begun(system, settings, data, trial)
    trial.train(training, save_every=200)
    found = evaluate_stacked(samples(training, SAMPLES), data)
    return {"modes": found["modes_covered"], "reverse_kl": found["reverse_kl"]}


def scaled(label: str, modes: Published, kl: float, parts: Parts) -> Row:
    """A scaled row with its published figures."""
    return Row(
        f"scaled: {label}",
        partial(ablated, parts),
        {"modes": modes, "reverse_kl": Published(kl)},
        {
            "networks": f"PGGAN's, {FEATURES} maps next to the image of G, a quarter in D",
            "batch": 64,
            "optimizer": "Adam, 0.001, beta1 0, beta2 0.99",
            **parts._asdict(),
        },
        steps=SCALED_STEPS,
        minutes=40,
    )


STACKED_MODES = Experiment(
    title="Stacked MNIST: modes, and the order of PGGAN's parts",
    paper="Karras et al. 2018, table 4",
    protocol=(
        "How many of the 1,000 triples of digits 25,600 samples have, named by a classifier of digits, and "
        "the divergence of their frequencies from even ones in nats. D has a quarter of G's maps. The GAN's "
        "row has the networks of the Unrolled GAN's paper, and the settings of PacGAN's repository. The "
        "others are scaled for two cores, and each has all parts of the one before: compare their order."
    ),
    source=(
        "table 4 of the paper, D = K/4; PacGAN's repository, table 3, has 78.5 modes and 5.21 for a GAN of "
        "its own."
    ),
    trials=1,
    settings={"data": "128,000 stacks of MNIST's training images"},
    figures={"modes": Figure("modes", 0), "reverse_kl": Figure("reverse KL", 2)},
    rows={
        "gan": Row(
            "GAN",
            gan,
            {"modes": Published(30.6), "reverse_kl": Published(5.99)},
            {
                "generator": "4x4x64, 7x7x32, 14x14x16, 28x28x8, batch norm and ReLU",
                "discriminator": "2, 4 and 8 maps of 3x3/2, batch norm",
                "z": "256-D normal",
                "batch": 128,
                "optimizer": "Adam, G 0.0001, D 0.0002, beta1 0.5, beta2 0.99",
            },
            steps=STEPS,
            minutes=600,
        ),
        "wgan-gp": scaled("WGAN-GP", Published(640.1, 136.3), 1.97, Parts()),
        "normalisation": scaled("+ normalisation", Published(856.7, 50.4), 1.10, Parts(True)),
        "minibatch-std": scaled("+ minibatch std", Published(881.3, 39.2), 1.09, Parts(True, True)),
        "growing": scaled("+ growing", Published(859.5, 36.2), 1.05, Parts(True, True, True)),
    },
)
