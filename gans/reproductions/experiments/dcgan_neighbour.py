"""Conditional DCGAN judged by a nearest neighbour: samples as training images (Radford et al. 2015, 5.3).

A 1-nearest-neighbour classifier has samples of G, with the classes that they were asked for, as its examples,
and classifies real test digits. The paper says that samples of DCGAN give it the error of real images. The
digits of its table were not found in a stored copy, so none stand here.

Settings: the authors' mnist/train_cond_dcgan.py. It updates D and G in turn, each on a batch of its own; here
both learn from one batch, which halves the number of batches. Its G normalises samples by their own batch,
here by running statistics.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.data.spec import Spec
from gans.metrics import nearest_neighbour_error
from gans.networks.dcgan import initialised
from gans.reproductions.experiment import Experiment, Figure, Row
from gans.reproductions.images import begun, first_images, samples, whole_mnist
from gans.reproductions.networks import HIDDEN, Scaled
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from gans.systems.cgan import CGAN, CGANSettings
from minigrad import Tensor, nn
from minigrad.nn.functional import one_hot
from minigrad.ops import broadcast_to, concatenate, leaky_relu, relu, reshape, sigmoid
from minigrad.optim import Adam

__all__ = ["DCGAN_NEIGHBOUR"]

TRAINED, SAMPLES, BATCH = 50_000, 50_000, 128
STEPS = 200 * (TRAINED // BATCH) // 2
"""200 epochs, in which every other batch is D's."""

RATE, WEIGHT_DECAY = 2e-4, 2.5e-5
SLOPE = 0.2


def with_class(x: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Units (n, k) or maps (n, k, h, w) with the class, one-hot, as ``classes`` more of them."""
    chosen = one_hot(labels, classes).astype(np.float32)
    if x.ndim == 4:
        chosen = broadcast_to(reshape(chosen, (len(x), classes, 1, 1)), (len(x), classes, *x.shape[2:]))
    return concatenate([x, chosen], axis=1)


class Generator(nn.Module):
    """z (n, 100) and labels (n,) -> images (n, c, h, w): the class enters every layer."""

    def __init__(self, latent: int, spec: Spec) -> None:
        c, h, w = spec.shape
        k = self.classes = spec.classes
        self.maps = (128, h // 4, w // 4)
        units = 128 * (h // 4) * (w // 4)
        self.first = nn.Linear(latent + k, HIDDEN, bias=False)
        self.second = nn.Linear(HIDDEN + k, units, bias=False)
        self.third = nn.ConvTranspose2d(128 + k, 64, 5, 2, padding=2, output_padding=1, bias=False)
        self.image = nn.ConvTranspose2d(64 + k, c, 5, 2, padding=2, output_padding=1, bias=False)
        self.norm1 = nn.BatchNorm1d(HIDDEN, affine=False)
        self.norm2 = nn.BatchNorm1d(units, affine=False)
        self.norm3 = nn.BatchNorm2d(64, affine=False)
        self.pixels = Scaled(2.0, -1.0)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        x = relu(self.norm1(self.first(with_class(z, labels, self.classes))))
        x = relu(self.norm2(self.second(with_class(x, labels, self.classes))))
        x = reshape(x, (len(z), *self.maps))
        x = relu(self.norm3(self.third(with_class(x, labels, self.classes))))
        images: Tensor = self.pixels(sigmoid(self.image(with_class(x, labels, self.classes))))
        return images


class Discriminator(nn.Module):
    """Images (n, c, h, w) and labels (n,) -> logits (n, 1): the class enters every layer."""

    def __init__(self, spec: Spec) -> None:
        c, h, w = spec.shape
        k = self.classes = spec.classes
        self.first = nn.Conv2d(c + k, 64, 5, 2, padding=2, bias=False)
        self.second = nn.Conv2d(64 + k, 128, 5, 2, padding=2, bias=False)
        self.third = nn.Linear(128 * (h // 4) * (w // 4) + k, HIDDEN, bias=False)
        self.logit = nn.Linear(HIDDEN + k, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128, affine=False)
        self.norm3 = nn.BatchNorm1d(HIDDEN, affine=False)
        self.pixels = Scaled(0.5, 0.5)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        x = leaky_relu(self.first(with_class(self.pixels(images), labels, self.classes)), slope=SLOPE)
        x = leaky_relu(self.norm2(self.second(with_class(x, labels, self.classes))), slope=SLOPE)
        x = with_class(reshape(x, (len(images), -1)), labels, self.classes)
        x = leaky_relu(self.norm3(self.third(x)), slope=SLOPE)
        logits: Tensor = self.logit(with_class(x, labels, self.classes))
        return logits


class AsPublished(CGAN):
    """CGAN with the authors' networks, decay of the weights, and a rate that falls in the second half."""

    prior = "uniform"

    def __init__(self, settings: CGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        for name, network in (("g", self.generator), ("d", self.discriminator)):
            optimizer = Adam(network.parameters(), lr=RATE, betas=(0.5, 0.999), weight_decay=WEIGHT_DECAY)
            setattr(self, f"optimizer_{name}", optimizer)

    @staticmethod
    def networks(settings: CGANSettings, spec: Spec) -> dict[str, nn.Module]:
        return {
            "generator": initialised(Generator(settings.latent, spec)),
            "discriminator": initialised(Discriminator(spec)),
        }

    def rates(self, step: int) -> dict[str, float]:
        """The rates, which fall to 0 in a straight line over the second half of the published length."""
        left = max(0.0, min(1.0, 2 - 2 * step / STEPS))
        return {"optimizer_g": RATE * left, "optimizer_d": RATE * left}


def run(trial: Trial) -> dict[str, float | None]:
    """Train the GAN, and classify the test images by its samples, and by as many real images."""
    data = whole_mnist(trial)
    part = first_images(data, TRAINED)
    settings = settings_for("cgan", "image", batch_size=BATCH, latent=100, ema=0.0)
    training = begun(AsPublished, settings, part, trial)
    trial.train(training, save_every=100)
    classes = np.resize(np.arange(part.classes), SAMPLES)
    made, chosen = samples(training, SAMPLES, classes), slice(SAMPLES)
    test: tuple[Any, Any] = data.test(), data.test_labels
    return {
        "error": 100 * nearest_neighbour_error(made, classes, *test),
        "real": 100 * nearest_neighbour_error(part.train(chosen), part.labels[chosen], *test),
    }


DCGAN_NEIGHBOUR = Experiment(
    title="Conditional DCGAN: a nearest neighbour among samples",
    paper="Radford et al. 2015, section 5.3",
    protocol=(
        "The error on the 10,000 test images of a 1-nearest-neighbour classifier whose examples are 50,000 "
        "samples with their classes; beside it that of the 50,000 training images in their place. D and G "
        "learn from one batch in each step, where the authors take one each."
    ),
    source=(
        "none: the paper says that the samples' error is that of real images, and the digits of its table "
        "were not found in a stored copy; the settings are those of the authors' train_cond_dcgan.py."
    ),
    trials=1,
    settings={
        "generator": "1024-7x7x128-14x14x64-28x28, 5x5, the class in every layer",
        "discriminator": "64 and 128 maps of 5x5/2, 1024, the class in every layer",
        "batch norm": "without scale and offset",
        "z": "100-D uniform",
        "weights": "normal, standard deviation 0.02",
        "optimizer": "Adam",
        "rate": RATE,
        "beta1": 0.5,
        "decay of the weights": WEIGHT_DECAY,
        "batch": BATCH,
        "training images": TRAINED,
        "steps": STEPS,
    },
    figures={"error": Figure("error, %", 2), "real": Figure("real images in their place", 2)},
    rows={"dcgan": Row("conditional DCGAN", run, steps=STEPS, minutes=600)},
)
