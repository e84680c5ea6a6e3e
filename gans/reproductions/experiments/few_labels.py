"""MNIST with few labels: a GAN teaches its D, which is the classifier (Salimans et al. 2016, table 1).

Settings: the authors' train_mnist_feature_matching.py. D is fully connected, with weights of fixed length
(weight norm) whose start depends on the data, and Gaussian noise before each layer. G has its features match
those of real images. Published are wrong test images of 10,000, over ten choices of the labelled ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data import PartialData
from gans.data.spec import Spec
from gans.networks.noise import GaussianNoise
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun, whole_mnist
from gans.reproductions.networks import Scaled
from gans.reproductions.trial import Trial
from gans.systems import System, settings_for
from gans.systems.ssgan import SSGAN
from gans.systems.ssgan_settings import SSGANSettings
from gans.trainer import Training
from minigrad import Tensor, modify, nn, no_grad, tensor
from minigrad.nn.utils import weight_norm
from minigrad.ops import relu
from minigrad.optim import EMA, Adam

__all__ = ["FEW_LABELS"]

EPOCHS = 300
STEPS = EPOCHS * 600
UNITS = (1000, 500, 250, 250, 250)
NOISE = (0.3, 0.5, 0.5, 0.5, 0.5, 0.5)
LOOKED_AT = 500
"""Training images by which the weights of D begin."""


class Classifier(nn.Module):
    """Images (n, c, h, w) -> the last 250 features and logits (n, classes), with noise before each layer."""

    def __init__(self, spec: Spec) -> None:
        widths = [math.prod(spec.shape), *UNITS, spec.classes]
        self.pixels = nn.Sequential(nn.Flatten(), Scaled(0.5, 0.5))
        self.noise = nn.ModuleList([GaussianNoise(std) for std in NOISE])
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        for layer in layers:
            nn.init.normal_(layer.weight, std=0.1)
        self.layers: Any = nn.ModuleList([weight_norm(layer) for layer in layers])

    def forward(self, images: Tensor) -> Any:
        x = self.pixels(images)
        *hidden, last = zip(self.noise, self.layers, strict=True)
        for noise, layer in hidden:
            x = relu(layer(noise(x)))
        noise, layer = last
        return x, layer(noise(x))

    def begin_at(self, images: Tensor) -> None:
        """Scale each layer so that its outputs of ``images`` have mean 0 and variance 1."""
        with no_grad():
            x = self.pixels(images)
            for noise, layer in zip(self.noise, self.layers, strict=True):
                nn.init.ones_(layer.weight_g)
                nn.init.zeros_(layer.bias)
                x = noise(x)
                sums = layer(x).numpy()
                mean, std = sums.mean(axis=0), sums.std(axis=0)
                modify(layer.weight_g, _put, (1 / std)[:, None])
                modify(layer.bias, _put, -mean / std)
                x = relu(layer(x))


def _put(memory: NDArray[Any], values: NDArray[Any]) -> None:
    memory[...] = values


class AsPublished(SSGAN):
    """The authors' networks. Training changes no length of a weight in D's hidden layers, nor G's norms'."""

    prior = "uniform"

    def __init__(self, settings: SSGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        assert isinstance(self.discriminator, Classifier)
        norms = [layer for layer in self.generator.modules() if isinstance(layer, nn.BatchNorm1d)]
        scales = [layer.weight for layer in norms]
        lengths = [layer.weight_g for layer in list(self.discriminator.layers)[:-1]]
        self.optimizer_g = adam(settings, trained(self.generator, scales))
        self.optimizer_d = adam(settings, trained(self.discriminator, lengths))

    @staticmethod
    def networks(settings: SSGANSettings, spec: Spec) -> dict[str, nn.Module]:
        pixels = math.prod(spec.shape)
        image: Any = weight_norm(nn.Linear(500, pixels))
        nn.init.ones_(image.weight_g)
        generator = nn.Sequential(
            Scaled(0.5, 0.5), nn.Linear(settings.latent, 500, bias=False), nn.BatchNorm1d(500), nn.Softplus(),
            nn.Linear(500, 500, bias=False), nn.BatchNorm1d(500), nn.Softplus(),
            image, nn.Sigmoid(), Scaled(2.0, -1.0), nn.Unflatten(1, spec.shape),
        )  # fmt: skip
        return {"generator": generator, "discriminator": Classifier(spec)}


def trained(network: nn.Module, fixed: Sequence[Tensor | None]) -> list[nn.Parameter]:
    """The weights of ``network`` but those that are ``fixed``."""
    return [p for p in network.parameters() if all(p is not one for one in fixed)]


def adam(settings: SSGANSettings, weights: list[nn.Parameter]) -> Adam:
    """The authors' Adam."""
    return Adam(weights, lr=settings.lr, betas=(settings.beta1, settings.beta2))


def run(labels: int, unsupervised: float, trial: Trial) -> dict[str, float | None]:
    """Train with ``labels`` images of MNIST labelled, and count D's errors on the test images."""
    data = PartialData(whole_mnist(trial), labels, split=trial.seed)
    settings = settings_for(
        "ssgan", "partial", batch_size=100, lr=3e-3, lr_ratio=1.0, lr_half_life=0, beta1=0.5, beta2=0.999,
        latent=100, ema=0.9999, unsupervised=unsupervised, generator_loss="feature-matching",
        views_weight=0.0,
    )  # fmt: skip
    training = begun(AsPublished, settings, data, trial)
    trial.train(training, before=partial(begin, data), save_every=500)
    return {
        "wrong": wrong(training.system, data, average=True),
        "wrong_last": wrong(training.system, data, average=False),
    }


def begin(data: PartialData, training: Training) -> None:
    """Let D's weights begin at the first training images."""
    gan = training.system
    assert isinstance(gan, AsPublished)
    assert isinstance(gan.discriminator, Classifier)
    gan.discriminator.begin_at(tensor(data.train(slice(LOOKED_AT))))
    gan.averages["discriminator"] = EMA(gan.discriminator, gan.settings.ema)


def wrong(gan: System, data: PartialData, *, average: bool) -> float:
    """How many test images D names wrongly, with the averaged weights or the last ones."""
    assert isinstance(gan, SSGAN)
    with gan.evaluating(average=average):
        return float(np.sum(gan.classify(data.test()) != data.test_labels))


def row(label: str, labels: int, published: Published | None = None, unsupervised: float = 0.5) -> Row:
    """A row with a number of labels; the authors' unsupervised loss is half of this project's."""
    return Row(
        label,
        partial(run, labels, unsupervised),
        {} if published is None else {"wrong": published},
        {"labels": labels, "unsupervised": unsupervised},
        steps=STEPS,
        minutes=300 if unsupervised else 60,
    )


FEW_LABELS = Experiment(
    title="MNIST with few labels: D as the classifier",
    paper="Salimans et al. 2016, table 1",
    protocol=(
        "Test images of 10,000 that D, the classifier, names wrongly, with a tenth of the labels in each "
        "class; each trial has other labelled images. D's weights are averaged over about 10,000 steps, so a "
        "short training shows little of itself in them: beside them stand the last weights. The row without "
        "G is the same network with the labelled images alone."
    ),
    source="table 1 of the paper, ten trials; the settings are those of the authors' program.",
    trials=10,
    settings={
        "generator": "500, 500 softplus with batch norm, sigmoid",
        "discriminator": "1000, 500, 250, 250, 250 ReLU with weight norm",
        "noise in D": "0.3, then 0.5 before each layer",
        "loss of G": "feature matching",
        "z": "100-D uniform",
        "optimizer": "Adam",
        "rate": 3e-3,
        "beta1": 0.5,
        "batch": 100,
        "average of D's weights": 0.9999,
        "steps": STEPS,
    },
    figures={"wrong": Figure("wrong", 1), "wrong_last": Figure("wrong, last weights", 1)},
    rows={
        "labels-20": row("20 labels", 20, Published(1677, 452)),
        "labels-50": row("50 labels", 50, Published(221, 136)),
        "labels-100": row("100 labels", 100, Published(93, 6.5)),
        "labels-200": row("200 labels", 200, Published(90, 4.2)),
        "without-g": row("100 labels, without G", 100, unsupervised=0.0),
    },
)
