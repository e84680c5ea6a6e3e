"""PacGAN's ring and grid: modes by the samples that D judges at once (Lin et al. 2018, table 1).

Published figures: the table of the authors' repository, mean and standard error of ten trials. The settings
are those of their synthetic_data_experiments: 400 epochs of 100,000 packs in batches of 100 packs, which is
400,000 steps. They update D and G at once, from one batch; here D comes first, as in every GAN of two players
of this project, and both draw new noise. Their points are drawn once, here anew for each batch.
"""

from __future__ import annotations

from functools import partial

from gans.data.spec import Spec
from gans.networks.maxout import Maxout
from gans.networks.packs import judging_packs
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.toys import coverage, start
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from gans.systems.pacgan import PacGAN, PackSettings
from minigrad import nn

__all__ = ["PACGAN"]

STEPS = 400_000
PACKS = 100
"""Packs in a batch."""

PIECES, SPREAD, MOMENTUM = 5, 0.02, 0.05
"""Of maxout, of the weights at the start, and of batch norm's running statistics."""


class AsPublished(PacGAN):
    """PacGAN with the authors' networks; a GAN is one with packs of 1."""

    @staticmethod
    def networks(settings: PackSettings, spec: Spec) -> dict[str, nn.Module]:
        (d,) = spec.shape
        generator = generator_of(settings.latent, d)
        discriminator = judging_packs(settings.pack, discriminator_of(settings.pack * d))
        for network in (generator, discriminator):
            for layer in network.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.normal_(layer.weight, std=SPREAD)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)
        return {"generator": generator, "discriminator": discriminator}


def generator_of(latent: int, d: int) -> nn.Sequential:
    """4 x 400 ReLU with batch norm; a bias in the last layer only."""
    layers: list[nn.Module] = []
    for inputs in (latent, 400, 400, 400):
        layers += [nn.Linear(inputs, 400, bias=False), nn.BatchNorm1d(400, momentum=MOMENTUM), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(400, d))


def discriminator_of(d: int) -> nn.Sequential:
    """3 x 200 maxout units of five pieces, and a logit."""
    return nn.Sequential(
        Maxout(d, 200, PIECES), Maxout(200, 200, PIECES), Maxout(200, 200, PIECES), nn.Linear(200, 1)
    )


def run(data: str, size: int, trial: Trial) -> dict[str, float | None]:
    """Train on a toy, and count the modes of 2,500 samples."""
    settings = settings_for(
        "pacgan",
        "points",
        pack=size,
        objective="non-saturating",
        lr=1e-4,
        lr_ratio=1.0,
        lr_half_life=0,
        beta1=0.8,
        beta2=0.999,
        batch_size=PACKS * size,
        latent=2,
    )
    training, toy = start(settings, data, trial.seed, AsPublished)
    trial.train(training, save_every=2_000)
    return coverage(training.system, toy)


Numbers = tuple[float, float]


def row(data: str, size: int, modes: Numbers, high_quality: Numbers, reverse_kl: Numbers) -> Row:
    """A row of the table, with its published means and standard errors."""
    name = "GAN" if size == 1 else f"PacGAN{size}"
    return Row(
        f"{data}, {name}",
        partial(run, data, size),
        {
            "modes": Published(*modes),
            "high_quality": Published(*high_quality),
            "reverse_kl": Published(*reverse_kl),
        },
        {"data": data, "pack": size},
        steps=STEPS,
        minutes={1: 90, 2: 105, 4: 140}[size],
    )


PACGAN = Experiment(
    title="PacGAN: the ring and the grid",
    paper="Lin et al. 2018, table 1",
    protocol=(
        "A ring of 8 Gaussians (radius 1, standard deviation 0.01) and a grid of 25 (-4 to 4, step 2, "
        "standard deviation 0.05). Of 2,500 samples those within 3 standard deviations of a mode are of "
        "high quality; a mode counts with one of them; reverse KL is that of their modes from the even "
        "distribution. The authors update D and G at once from one batch of points drawn before training; "
        "here D comes first, and points and noise are drawn anew."
    ),
    source="table 1 of the authors' repository, mean and standard error of ten trials.",
    trials=10,
    settings={
        "generator": "4 x 400 ReLU with batch norm",
        "discriminator": "3 x 200 maxout of 5 pieces",
        "z": "2-D normal",
        "weights": "normal, standard deviation 0.02",
        "optimizer": "Adam",
        "rate": 1e-4,
        "beta1": 0.8,
        "packs in a batch": PACKS,
        "steps": STEPS,
    },
    figures={
        "modes": Figure("modes", 1),
        "high_quality": Figure("high quality, %", 1),
        "reverse_kl": Figure("reverse KL", 2),
    },
    rows={
        "ring-gan": row("ring", 1, (6.3, 0.5), (98.2, 0.2), (0.45, 0.09)),
        "ring-pacgan2": row("ring", 2, (7.9, 0.1), (95.6, 2.0), (0.07, 0.03)),
        "ring-pacgan4": row("ring", 4, (7.8, 0.1), (95.9, 1.4), (0.07, 0.02)),
        "grid-gan": row("grid", 1, (17.3, 0.8), (94.8, 0.7), (0.70, 0.07)),
        "grid-pacgan2": row("grid", 2, (23.8, 0.7), (91.3, 0.8), (0.13, 0.04)),
        "grid-pacgan4": row("grid", 4, (24.8, 0.2), (93.6, 0.6), (0.04, 0.01)),
    },
)
