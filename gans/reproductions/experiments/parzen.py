"""Goodfellow's Parzen protocol on MNIST, for the GAN and CGAN (table 1 of both papers).

Settings of the GAN: the authors' mnist.yaml. It trains D and G at once on 50,000 images and has no last step:
the momentum rises over 250 epochs, which is the length here. Half the cross-entropy is D's loss there, which
is half the rate here. Settings of CGAN: the paper's section 4.1, which stops at the best likelihood of
validation images and gives no length and no initial weights; here they are those of the GAN.

The protocol (the authors' parzen_ll.py): 10,000 samples; the width is the best of ten on 1,000 of the last
10,000 training images; the mean log-likelihood of the test images with its standard error. It depends much
on the details, and may rank models in the wrong order (Theis et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import ImageData
from gans.data.spec import Spec
from gans.metrics import parzen_estimate
from gans.networks.maxout import Maxout
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun, first_images, samples, whole_mnist
from gans.reproductions.networks import Scaled
from gans.reproductions.trial import Trial
from gans.systems import System, Trainer, settings_for
from gans.systems.cgan import CGAN
from gans.systems.gan import GAN
from gans.trainer import Training
from minigrad import Tensor, modify, nn
from minigrad.ops import concatenate, relu, reshape, sigmoid
from minigrad.optim import SGD

__all__ = ["PARZEN"]

TRAINED, VALIDATED, SAMPLES = 50_000, 1_000, 10_000
EPOCH, EPOCHS = TRAINED // 100, 250
FIRST_MOMENTUM, LAST_MOMENTUM = 0.5, 0.7
WEIGHTS_OF_G, WEIGHTS_OF_D = 0.05, 0.005
"""The ranges of the weights at the start."""


def momentum(step: int) -> float:
    """The momentum after ``step`` steps: it rises from the first to the last over the epochs."""
    part = min(max((step // EPOCH - 1) / (EPOCHS - 1), 0.0), 1.0)
    return FIRST_MOMENTUM + part * (LAST_MOMENTUM - FIRST_MOMENTUM)


def uniform_weights(network: nn.Module, bound: float) -> nn.Module:
    """The network with weights from U(-bound, bound) and no bias."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -bound, bound)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return network


class PublishedGAN(GAN):
    """The GAN of mnist.yaml: maxout and dropout in D, SGD with a momentum that rises."""

    def __init__(self, settings: Any, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        use_sgd(self, settings)

    @staticmethod
    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        pixels = math.prod(spec.shape)
        generator = nn.Sequential(
            nn.Linear(settings.latent, 1200), nn.ReLU(), nn.Linear(1200, 1200), nn.ReLU(),
            nn.Linear(1200, pixels), nn.Sigmoid(), Scaled(2.0, -1.0), nn.Unflatten(1, spec.shape),
        )  # fmt: skip
        discriminator = nn.Sequential(
            nn.Flatten(), Scaled(0.5, 0.5), nn.Dropout(0.2), Maxout(pixels, 240, 5),
            nn.Dropout(0.5), Maxout(240, 240, 5), nn.Dropout(0.5), nn.Linear(240, 1),
        )  # fmt: skip
        return {
            "generator": uniform_weights(generator, WEIGHTS_OF_G),
            "discriminator": uniform_weights(discriminator, WEIGHTS_OF_D),
        }

    def step(self, trainer: Trainer) -> None:
        self.optimizer_g.momentum = self.optimizer_d.momentum = momentum(trainer.step)
        super().step(trainer)


class ConditionalGenerator(nn.Module):
    """z (n, 100) in (-1, 1) and labels (n,) -> images: 200 and 1,000 units, then 1,200 for both."""

    def __init__(self, latent: int, spec: Spec) -> None:
        self.shape = spec.shape
        self.noise = nn.Linear(latent, 200)
        self.label = nn.Embedding(spec.classes, 1000)
        self.joint = nn.Linear(1200, 1200)
        self.pixels = nn.Linear(1200, math.prod(spec.shape))
        self.dropout = nn.Dropout(0.5)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        of_z, of_label = relu(self.noise(0.5 * z + 0.5)), relu(self.label(labels))
        hidden = relu(self.joint(self.dropout(concatenate([of_z, of_label], axis=1))))
        images = 2.0 * sigmoid(self.pixels(self.dropout(hidden))) - 1.0
        return reshape(images, (len(z), *self.shape))


class ConditionalDiscriminator(nn.Module):
    """Images and labels -> logits: maxout 240 x 5 and 50 x 5, then 240 x 4 for both."""

    def __init__(self, spec: Spec) -> None:
        self.classes = spec.classes
        self.image = Maxout(math.prod(spec.shape), 240, 5)
        self.label = Maxout(spec.classes, 50, 5)
        self.joint = Maxout(290, 240, 4)
        self.logit = nn.Linear(240, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        pixels = 0.5 * reshape(x, (len(x), -1)) + 0.5
        one_hot = mg.tensor(np.eye(self.classes, dtype=np.float32))[labels]
        both = concatenate([self.image(pixels), self.label(one_hot)], axis=1)
        logits: Tensor = self.logit(self.dropout(self.joint(self.dropout(both))))
        return logits


class PublishedCGAN(CGAN):
    """The paper's networks; z from U(0, 1), which is the system's z in (-1, 1) moved."""

    prior = "uniform"

    def __init__(self, settings: Any, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        use_sgd(self, settings)

    @staticmethod
    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        generator = ConditionalGenerator(settings.latent, spec)
        nn.init.uniform_(generator.label.weight, -WEIGHTS_OF_G, WEIGHTS_OF_G)
        return {
            "generator": uniform_weights(generator, WEIGHTS_OF_G),
            "discriminator": uniform_weights(ConditionalDiscriminator(spec), WEIGHTS_OF_D),
        }

    def step(self, trainer: Trainer) -> None:
        self.optimizer_g.momentum = self.optimizer_d.momentum = momentum(trainer.step)
        super().step(trainer)


def use_sgd(system: Any, settings: Any) -> None:
    """SGD with momentum in the place of the system's optimizers."""
    for name, rate in (("g", settings.lr), ("d", settings.lr * settings.lr_ratio)):
        weights = getattr(system, f"optimizer_{name}").params
        setattr(system, f"optimizer_{name}", SGD(weights, lr=rate, momentum=FIRST_MOMENTUM))


def started(system: type[System], settings: Any, trial: Trial) -> tuple[Training, ImageData]:
    """The training on the first 50,000 images, and all of MNIST."""
    data = whole_mnist(trial)
    part = first_images(data, TRAINED)
    training = begun(system, settings, part, trial)
    start_at_marginals(training.system, part)
    return training, data


def start_at_marginals(system: Any, data: ImageData) -> None:
    """The bias of G's last layer makes the mean image: the logit of each pixel's mean."""
    mean = np.clip(data.images.mean(axis=0, dtype=np.float64) / 255, 1e-7, 1 - 1e-7).reshape(-1)
    last = [layer for layer in system.generator.modules() if isinstance(layer, nn.Linear)][-1]
    assert last.bias is not None
    modify(last.bias, _put, np.log(mean / (1 - mean)))


def _put(memory: NDArray[Any], values: NDArray[Any]) -> None:
    memory[...] = values


def likelihood(made: NDArray[np.float32], data: ImageData) -> dict[str, float | None]:
    """The figures of the samples ``made``, and beside them that of as many training images in their place."""

    def rows(images: NDArray[np.float32]) -> NDArray[Any]:
        return (images.reshape(len(images), -1) + 1) / 2

    validation, test = rows(data.train(slice(TRAINED, TRAINED + VALIDATED))), rows(data.test())
    found = parzen_estimate(rows(made), validation, test)
    real = parzen_estimate(rows(data.train(slice(SAMPLES))), validation, test)
    return {
        "log_likelihood": found.log_likelihood,
        "standard_error": found.standard_error,
        "sigma": found.sigma,
        "real": real.log_likelihood,
    }


def gan(trial: Trial) -> dict[str, float | None]:
    """Train the GAN, and measure 10,000 samples."""
    half_life = round(math.log(2) / math.log(1.000004))
    settings = settings_for(
        "gan", "image", lr=0.1, lr_ratio=0.5, lr_half_life=half_life, batch_size=100, latent=100
    )
    training, data = started(PublishedGAN, settings, trial)
    trial.train(training, save_every=200)
    return likelihood(samples(training, SAMPLES), data)


def cgan(trial: Trial) -> dict[str, float | None]:
    """Train CGAN, and measure 1,000 samples of each class."""
    half_life = round(math.log(2) / math.log(1.00004))
    settings = settings_for(
        "cgan", "image", lr=0.1, lr_ratio=0.5, lr_half_life=half_life, batch_size=100, latent=100, ema=0.0
    )
    training, data = started(PublishedCGAN, settings, trial)
    trial.train(training, save_every=200)
    classes = np.repeat(np.arange(10), SAMPLES // 10)
    return likelihood(samples(training, SAMPLES, classes), data)


def row(
    label: str, run: Callable[[Trial], dict[str, float | None]], published: Published, **settings: Any
) -> Row:
    """A row of the table; a step takes about 0.1 seconds on one core."""
    return Row(label, run, {"log_likelihood": published}, settings, EPOCH * EPOCHS, minutes=250)


PARZEN = Experiment(
    title="Parzen likelihood of MNIST: the GAN and CGAN",
    paper="Goodfellow et al. 2014, table 1; Mirza and Osindero 2014, table 1",
    protocol=(
        "Mean log-likelihood of the 10,000 test images, in nats, under Gaussians around 10,000 samples (of "
        "CGAN 1,000 of each class); their width is the best of ten on 1,000 validation images. Beside it "
        "stands the figure of 10,000 training images in the samples' place. The estimate depends much on "
        "details, and is known to rank models in the wrong order. The papers give no length: it is 250 "
        "epochs here, over which the momentum rises."
    ),
    source="table 1 of each paper.",
    spread="standard error of the mean over the test images.",
    trials=1,
    settings={
        "z": 100,
        "batch": 100,
        "training images": TRAINED,
        "optimizer": "SGD",
        "rate": 0.1,
        "momentum": "0.5 to 0.7 over 250 epochs",
        "steps": EPOCH * EPOCHS,
    },
    figures={
        "log_likelihood": Figure("log-likelihood", 1, spread="standard_error"),
        "sigma": Figure("width", 3),
        "real": Figure("training images in their place", 1),
    },
    rows={
        "gan": row(
            "GAN",
            gan,
            Published(225.0, 2.0),
            generator="1200, 1200 ReLU",
            discriminator="maxout 240 x 5 twice, dropout 0.2 and 0.5",
            decay=1.000004,
        ),
        "cgan": row(
            "CGAN",
            cgan,
            Published(132.0, 1.8),
            generator="200 and 1000, then 1200 ReLU, dropout 0.5",
            discriminator="maxout 240 x 5 and 50 x 5, then 240 x 4, dropout 0.5",
            decay=1.00004,
        ),
    },
)
