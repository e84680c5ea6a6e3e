"""GANs on MNIST with one architecture (Lucic et al. 2018), and our Frechet distance.

Published are Inception's FID, the best of a large search for each GAN with its spread. Our distance is over
the features of a small classifier of digits, on another scale: it has a column of its own, beside its value
for real test images. There is no search here: each GAN has the settings of its paper or of compare_gan.

The VAE's figure for these networks is that of Dai and Wipf 2019. BEGAN is left out: its D is another network
there than in its paper, and none that was found.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gans.data.spec import Spec
from gans.metrics import frechet_distance, load_classifier
from gans.networks.dcgan import initialised
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun, first_images, samples, whole_mnist, with_networks
from gans.reproductions.networks import HIDDEN, generator_1024, trunk_1024
from gans.reproductions.trial import Trial
from gans.systems import System, settings_for
from gans.systems.registry import find
from minigrad import nn

__all__ = ["LUCIC"]

TRAINED, SAMPLES = 50_000, 10_000
STEPS = 20 * TRAINED // 64
SLOPE = 0.2

ADAM: dict[str, Any] = {"optimizer": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "critic_steps": 1}
CRITIC: dict[str, Any] = {"critic_steps": 5}
OF_VAE: dict[str, Any] = {"lr": 5e-5, "lr_half_life": 0, "beta1": 0.5, "likelihood": "bernoulli"}
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def networks(norm: bool, settings: Any, spec: Spec) -> dict[str, nn.Module]:
    """G and D of every row; with ``norm`` D has batch norm."""
    return {
        "generator": generator_1024(settings.latent, spec.shape),
        "discriminator": nn.Sequential(
            *trunk_1024(spec.shape, SLOPE, norm), initialised(nn.Linear(HIDDEN, 1))
        ),
    }


def autoencoding(settings: Any, spec: Spec) -> dict[str, nn.Module]:
    """The VAE's networks: D's layers without batch norm as encoder, G's as decoder up to its sigmoid."""
    *decoder, _, _ = generator_1024(settings.latent, spec.shape)
    codes = initialised(nn.Linear(HIDDEN, 2 * settings.latent))
    return {
        "encoder": nn.Sequential(*trunk_1024(spec.shape, SLOPE, norm=False), codes),
        "decoder": nn.Sequential(*(layer for layer in decoder if not isinstance(layer, NORMS))),
    }


def gan(model: str, norm: bool, chosen: dict[str, Any], trial: Trial) -> dict[str, float | None]:
    """Train a GAN, and measure its samples."""
    settings = settings_for(
        model,
        "image",
        batch_size=64,
        latent=64,
        prior="uniform",
        lr_ratio=1.0,
        lr_half_life=0,
        ema=0.0,
        **chosen,
    )
    return measured(with_networks(find(model), partial(networks, norm)), settings, trial)


def vae(trial: Trial) -> dict[str, float | None]:
    """Train the VAE, and measure its samples."""
    settings = settings_for("vae", "image", batch_size=64, latent=64, **OF_VAE)
    return measured(with_networks(find("vae"), autoencoding), settings, trial)


def measured(system: type[System], settings: Any, trial: Trial) -> dict[str, float | None]:
    """The distance of 10,000 samples of ``system`` from the training images, after its training."""
    data = whole_mnist(trial)
    part = first_images(data, TRAINED)
    training = begun(system, settings, part, trial)
    trial.train(training, save_every=100)
    judge = load_classifier()
    real = judge.features(part.train())
    return {
        "fd": frechet_distance(judge.features(samples(training, SAMPLES)), real),
        "floor": frechet_distance(judge.features(data.test()), real),
    }


def row(
    label: str, model: str, fid: Published, chosen: dict[str, Any], *, norm: bool = True, minutes: float = 150
) -> Row:
    """A row with a GAN and its settings."""
    shown = {name: value for name, value in chosen.items() if name != "optimizer" or value != "adam"}
    return Row(
        label,
        partial(gan, model, norm, chosen),
        {"fid": fid},
        {**shown, "batch norm in D": norm},
        steps=STEPS,
        minutes=minutes,
    )


LUCIC = Experiment(
    title="One architecture for every GAN: distances on MNIST",
    paper="Lucic et al. 2018",
    protocol=(
        "The published FID is over Inception's features, the best of a search over the settings. Ours is the "
        "Frechet distance over the 64 features of a classifier of digits, of 10,000 samples from the 50,000 "
        "training images, and has another scale; beside it stands that of the 10,000 test images. Compare "
        "the order of rows within a column. There is no search: each GAN has the settings of its paper."
    ),
    source=(
        "quoted alike by two later papers, with the spread of the best setting over new seeds; of the VAE, "
        "with cross-entropy, Dai and Wipf 2019."
    ),
    trials=1,
    settings={
        "generator": "1024-7x7x128-14x14x64-28x28, batch norm and ReLU",
        "discriminator": "64 and 128 maps of 4x4/2, 1024",
        "z": "64-D uniform",
        "batch": 64,
        "training images": TRAINED,
        "steps of G": STEPS,
    },
    figures={
        "fid": Figure("FID over Inception", 1),
        "fd": Figure("our Frechet distance", 2),
        "floor": Figure("of test images", 2),
    },
    rows={
        "minimax": row("GAN, minimax", "dcgan", Published(9.8, 0.9), {**ADAM, "objective": "minimax"}),
        "non-saturating": row(
            "GAN, non-saturating", "dcgan", Published(6.8, 0.5), {**ADAM, "objective": "non-saturating"}
        ),
        "lsgan": row("LSGAN", "lsgan", Published(7.8, 0.6), ADAM),
        "wgan": row(
            "WGAN",
            "wgan",
            Published(6.7, 0.4),
            {**CRITIC, "optimizer": "rmsprop", "lr": 5e-5, "clip": 0.01},
            minutes=400,
        ),
        "wgan-gp": row(
            "WGAN-GP",
            "wgan-gp",
            Published(20.3, 5.0),
            {**CRITIC, "optimizer": "adam", "lr": 1e-4, "beta1": 0.5, "beta2": 0.9, "penalty": 10.0},
            norm=False,
            minutes=800,
        ),
        "dragan": row(
            "DRAGAN", "dragan", Published(7.6, 0.4), {**ADAM, "penalty": 10.0}, norm=False, minutes=250
        ),
        "vae": Row(
            "VAE, cross-entropy",
            vae,
            {"fid": Published(16.6, 0.4)},
            {**OF_VAE, "z": "64-D normal", "batch norm": False},
            steps=STEPS,
            minutes=120,
        ),
    },
)
