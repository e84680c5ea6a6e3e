"""Semi-supervised GAN: D is the classifier, and learns from unlabelled and generated images, too.

D has a logit l_k for each class. The probability that an image is real, of whatever class, is Z / (Z + 1)
with Z = sum_k exp(l_k), as if a further class "generated" had the logit 0 (Salimans et al. 2016, section 5):

    supervised         -E log softmax(l)_y                                     of the few images with labels
    unsupervised       -E log Z(x) / (Z(x) + 1) - E log 1 / (Z(G(z)) + 1)      of all images and of G's
    feature-matching   |E f(x) - E f(G(z))|^2, f the layer before the logits   (Salimans et al. 2016, 3.1)
    non-saturating     -E log Z(G(z)) / (Z(G(z)) + 1)                          (Odena 2016)

D descends the first two, G one of the others. Feature matching makes poorer images and the better classifier.
With ``unsupervised`` 0 it is the classifier of the labelled images alone, to compare with. G and D are
DCGAN's, with noise on D's images, dropout, and a hidden layer before the logits. All images of an update go
through D as one batch: otherwise batch norm would show the kind of a batch by its means.

The paper's D trains for 180,000 steps. Here it also sees each unlabelled image under a random affine map, and
ascends what its two answers say about each other (Ji et al. 2019), so that a hundredth of them is enough. All
labelled images that it sees are under such maps. With ``views_weight`` 0 there are none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.networks import dcgan
from gans.networks.mlp import leaky
from gans.networks.noise import DrawingFrom, Dropout, GaussianNoise
from gans.networks.warp import warp
from gans.objectives import binary_cross_entropy, non_saturating, shared_information
from gans.steps import probabilities
from gans.systems.classes import named
from gans.systems.optimizing import adam
from gans.systems.sampling import in_batches
from gans.systems.ssgan_settings import SSGANSettings
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from gans.wholes import mean_of_batch
from minigrad import Tensor, nn, no_grad
from minigrad.distributed import in_parts
from minigrad.ops import concatenate, cross_entropy, logsumexp, split, square, sum
from minigrad.random import Generator


class Judge(nn.Module):
    """Images (n, c, h, w) -> the last features (n, hidden), and logits (n, classes)."""

    def __init__(self, shape: tuple[int, ...], classes: int, settings: SSGANSettings) -> None:
        *convolutions, last = dcgan.discriminator(shape, settings.features)
        assert isinstance(last, nn.Linear)
        self.features = nn.Sequential(
            *(GaussianNoise(settings.noise), *convolutions, Dropout(settings.dropout)),
            *(nn.Linear(last.in_features, settings.hidden, bias=False), nn.BatchNorm1d(settings.hidden)),
            leaky(),
        )
        self.logits = nn.Linear(settings.hidden, classes)

    def forward(self, x: Tensor) -> Any:
        features = self.features(x)
        return features, self.logits(features)


class SSGAN(System):
    name, title, paper = "ssgan", "Semi-supervised GAN", "Salimans et al. 2016; Odena 2016"
    summary = "D is a classifier with few labels, taught by unlabelled and generated images"
    presets = {"partial": SSGANSettings(ema=0.99, lr=1e-3, lr_half_life=700, views_weight=1.0)}
    asks = ("truncation",)
    epochs = {"partial": 60}
    data = "labels100:mnist5k"
    labelled = True
    prior = "uniform"
    averaged = ("discriminator",)
    figure_meanings = {
        "error": Meaning("share of test images whose class D does not name", "lower", "test_images")
    }

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: SSGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: SSGANSettings, spec: Spec) -> dict[str, nn.Module]:
        return {
            "generator": dcgan.generator(settings.latent, spec.shape, settings.features),
            "discriminator": Judge(spec.shape, spec.classes, settings),
        }

    def step(self, trainer: Trainer) -> None:
        real, labels, labelled = trainer.batch()
        if not self.settings.unsupervised:
            trainer.update(self.update_classifier, labelled, labels, trainer.rng)
            return
        trainer.update(self.update_discriminator, real, labelled, labels, trainer.rng)
        trainer.update(self.update_generator, real, trainer.rng)

    @update("classifier", reports=("class_real", "grad_norm_d"))
    def update_classifier(self, labelled: Tensor, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D as a plain classifier."""
        with DrawingFrom(rng):
            class_real = cross_entropy(self.discriminator(self.mapped(labelled, rng))[1], labels)
        return {"class_real": class_real, "grad_norm_d": descend(class_real, self.optimizer_d).norm}

    @update("discriminator", reports=("loss_d", "class_real", "d_real", "d_fake", "views", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, labelled: Tensor, labels: Tensor, rng: Generator
    ) -> dict[str, Tensor]:
        """One update of D on images of all three kinds."""
        with DrawingFrom(rng):
            with no_grad():
                fake = self.generator(self.noise(len(real), self.settings.latent, rng))
            again = [self.mapped(real, rng)] if self.settings.views_weight else []
            given = self.mapped(labelled, rng), real, fake, *again
            with in_parts(len(given)):
                logits = self.discriminator(concatenate(given))[1]
        of_labelled, of_real, of_fake, *of_again = split(logits, [len(batch) for batch in given])
        on_real, on_fake = logsumexp(of_real, axis=1), logsumexp(of_fake, axis=1)
        class_real, loss = cross_entropy(of_labelled, labels), binary_cross_entropy(on_real, on_fake)
        total = class_real + loss * self.settings.unsupervised
        numbers = {"loss_d": loss, "class_real": class_real, **probabilities(on_real, on_fake)}
        if again:
            numbers["views"] = shared_information(of_real, *of_again)
            total = total - numbers["views"] * self.settings.views_weight
        return {**numbers, "grad_norm_d": descend(total, self.optimizer_d).norm}

    @update("generator", reports=("loss_g", "grad_norm_g"))
    def update_generator(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G: its samples have the mean features of real images, or D takes them for real."""
        with DrawingFrom(rng):
            fake = self.generator(self.noise(len(real), self.settings.latent, rng))
            with in_parts(2):
                features, logits = self.discriminator(concatenate([fake, real]))
        if self.settings.generator_loss == "feature-matching":
            made, wanted = (mean_of_batch(part, axis=0) for part in split(features, [len(fake), len(real)]))
            loss = sum(square(made - wanted.detach()))
        else:
            loss = non_saturating(logsumexp(logits[: len(fake)], axis=1))
        return {"loss_g": loss, "grad_norm_g": descend(loss, self.optimizer_g).norm}

    def mapped(self, images: Tensor, rng: Generator) -> Tensor:
        """The images under random affine maps, if D sees any so."""
        return warp(images, 1.0, rng) if self.settings.views_weight else images

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """The logit of real against generated: the log of the sum of the classes' exponentials."""
        return logsumexp(self.discriminator(samples)[1], axis=1)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.generator, self.latent(n, rng, ask.truncation)))

    def classify(self, images: Any) -> NDArray[np.int64]:
        """The class of each image (n, c, h, w) by D: (n,)."""
        return named(lambda x: self.discriminator(x)[1], images, self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        if not len(data.test_labels):
            return {}
        return {"error": float(np.mean(self.classify(data.test()) != data.test_labels))}
