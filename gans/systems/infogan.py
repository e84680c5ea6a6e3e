"""InfoGAN: a part of the noise is a code that can be read off the image (Chen et al. 2016).

    min_{G,Q} max_D  V(D, G) - lambda L(G, Q)                                          (equation 6)
    L(G, Q) = E[log Q(c | G(z, c))] + H(c)  <=  I(c; G(z, c))                          (equation 5)

G makes an image from noise z and a code c: a category, each as likely as the others, and continuous codes
from U(-1, 1). Q guesses the code of a fake. It shares D's layers, the trunk, but for a head of its own. A
better guess means that the image says more about the code: L is a lower bound of their mutual information.
Training makes the guess easy for Q, so the category and the codes get a meaning, without any label.

-log Q(category) is the cross entropy of logits, -log Q(codes) the squared error of a Gaussian of variance 1,
as in the authors' code. D's update changes the trunk and both heads, G's update G alone.

The paper's networks have a hidden layer of 1,024 units and more channels, and train on 60,000 images. Of
5,000 images D and Q soon know each stroke, and the category becomes a style of strokes. So D and Q see all
images, real and generated, under random affine maps at first (``gans.networks.warp``). A digit stays the same
digit under them, a style does not, so the category has to be the digit. Later in training, the maps shrink to
nothing and the weight of the codes grows from 0: images get their variety once the categories are fixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gans.data.spec import Kind, Spec
from gans.errors import UserError
from gans.metrics.classifier import load_classifier
from gans.metrics.describe import SURE, as_digits
from gans.metrics.matching import matched_share
from gans.metrics.meaning import Meaning
from gans.networks import dcgan
from gans.networks.warp import warp
from gans.objectives import binary_cross_entropy, non_saturating
from gans.steps import probabilities
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer, in_batches
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.devices import to_device
from minigrad.nn.functional import one_hot
from minigrad.ops import concatenate, cross_entropy, mean, repeat, square, sum
from minigrad.random import Generator, integers, uniform

MEASURED = 4_000
"""Samples of the figures."""

SHOWN = 5
"""Columns of a picture for any code, and for each code that varies."""


@dataclass(frozen=True, kw_only=True)
class InfoGANSettings(TwoAdamSettings):
    """D's learning rate is also Q's."""

    latent: int = setting(62, "length of the noise vector z, which is no code", least=1, most=2**16)
    features: int = setting(
        32, "channels of G's layer next to the image; D's first has twice as many", least=1, most=2**10
    )
    hidden: int = setting(256, "units of the hidden layer of G and of the trunk", least=1, most=2**16)
    warp_steps: int = setting(
        0, "steps, in whose second half the random maps of images shrink to nothing; 0: none", least=0
    )
    categories: int = setting(10, "values of the category", least=2, most=2**10)
    codes: int = setting(2, "continuous codes", least=0, most=2**10)
    category_weight: float = setting(1.0, "weight of the category's information", least=0, metavar="WEIGHT")
    code_weight: float = setting(1.0, "weight of the codes' information", least=0, metavar="WEIGHT")


class InfoGAN(System):
    name, title, paper = "infogan", "InfoGAN", "Chen et al. 2016"
    summary = "a category and codes in the noise, which a network Q reads off the fakes, get a meaning"
    presets = {"image": InfoGANSettings(ema=0.995, lr=1e-3, lr_ratio=0.4, features=8, warp_steps=3000)}
    epochs = {"image": 50}
    asks = ("classes",)
    figure_meanings = {
        "category_accuracy": Meaning(
            "share of samples whose category stands for their class", "higher", "measured"
        ),
        "category_information": Meaning(
            "bound of the category's information in a sample, nats", "higher", "measured"
        ),
        "code_correlation": Meaning(
            "of the codes with Q's guesses; 1 when samples show them", "higher", "measured"
        ),
    }

    generator: nn.Module
    trunk: nn.Module
    head: nn.Module
    recognition: nn.Module

    def __init__(self, settings: InfoGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        judges = self.trunk, self.head, self.recognition
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, *judges, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: InfoGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G; the trunk, which D and Q share; D's head; Q's head, "recognition"."""
        code = settings.categories + settings.codes
        hidden, features = settings.hidden, settings.features
        *convolutions, last = dcgan.discriminator(spec.shape, 2 * features)
        assert isinstance(last, nn.Linear)
        networks = {
            "generator": nn.Sequential(
                *_layer(settings.latent + code, hidden, nn.ReLU()),
                *dcgan.generator(hidden, spec.shape, features),
            ),
            "trunk": nn.Sequential(*convolutions, *_layer(last.in_features, hidden, nn.LeakyReLU(0.1))),
            "head": nn.Linear(hidden, 1),
            "recognition": nn.Sequential(*_layer(hidden, 128, nn.LeakyReLU(0.1)), nn.Linear(128, code)),
        }
        return {name: dcgan.initialised(network) for name, network in networks.items()}

    @classmethod
    def check_settings(cls, settings: InfoGANSettings, kind: Kind) -> None:
        super().check_settings(settings, kind)
        if settings.batch_size < 2:
            raise UserError(f"`batch_size` of {settings.model} must be at least 2: Q has batch norm")

    def step(self, trainer: Trainer) -> None:
        share = self.warp_left(trainer.step)
        left = (tensor(share, np.float32, self.device),) if share else ()
        trainer.update(self.update_discriminator, trainer.batch().real, trainer.rng, *left)
        trainer.update(self.update_generator, trainer.rng, *left)

    def warp_left(self, step: int) -> float:
        """The share of the maps' size after ``step`` steps."""
        half = self.settings.warp_steps / 2
        return max(0.0, min(1.0, 2 - step / half)) if half else 0.0

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, rng: Generator, left: Tensor | None = None
    ) -> dict[str, Tensor]:
        """One update of D and Q: D parts real from fake, Q guesses the code of the fakes."""
        z, category, codes = self.draw(len(real), rng)
        with no_grad():
            fake = self.images(z, category, codes)
        features = self.trunk(seen(fake, left, rng))
        on_real, on_fake = self.head(self.trunk(seen(real, left, rng))), self.head(features)
        loss = binary_cross_entropy(on_real, on_fake)
        missed = self.missed(self.recognition(features), category, codes)
        descent = descend(loss + self.weighted(*missed, left), self.optimizer_d)
        return {"loss_d": loss, **probabilities(on_real, on_fake), "grad_norm_d": descent.norm}

    @update("generator", reports=("loss_g", "category_loss", "code_loss", "grad_norm_g"))
    def update_generator(self, rng: Generator, left: Tensor | None = None) -> dict[str, Tensor]:
        """One update of G: D takes its fakes for real, and Q reads the code off them."""
        z, category, codes = self.draw(self.settings.batch_size, rng)
        fake = self.images(z, category, codes)
        features = self.trunk(seen(fake, left, rng))
        loss = non_saturating(self.head(features))
        category_loss, code_loss = self.missed(self.recognition(features), category, codes)
        descent = descend(loss + self.weighted(category_loss, code_loss, left), self.optimizer_g)
        return {
            "loss_g": loss,
            "category_loss": category_loss,
            "code_loss": code_loss,
            "grad_norm_g": descent.norm,
        }

    def draw(self, n: int, rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """z (n, latent) from N(0, I), categories (n,), and codes (n, codes) from U(-1, 1)."""
        settings = self.settings
        z = self.noise(n, settings.latent, rng)
        category = integers(0, settings.categories, (n,), generator=rng, device=self.device)
        codes = uniform((n, settings.codes), generator=rng, device=self.device) * 2.0 - 1.0
        return z, category, codes

    def images(self, z: Tensor, category: Tensor, codes: Tensor) -> Tensor:
        """The images of noise, categories and codes."""
        chosen = one_hot(category, self.settings.categories).astype(np.float32)
        images: Tensor = self.generator(concatenate([z, chosen, codes], axis=1))
        return images

    def missed(self, guess: Tensor, category: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """-log Q of the category and of the codes, the latter without its constant, means over the batch."""
        k = self.settings.categories
        return cross_entropy(guess[:, :k], category), mean(sum(square(guess[:, k:] - codes), axis=1)) * 0.5

    def weighted(self, category_loss: Tensor, code_loss: Tensor, left: Tensor | None = None) -> Tensor:
        """-lambda L without its constant H(c), with a lambda each for the category and the codes."""
        settings: InfoGANSettings = self.settings
        loss = category_loss * settings.category_weight
        share = 1.0 if left is None else 1.0 - left
        return loss + code_loss * share * settings.code_weight

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` images; the classes that are asked for are categories, which are no labels of the data."""
        z, category, codes = self.draw(n, rng)
        if ask.classes is not None:
            category = Tensor(to_device(ask.classes, self.device))
        return Made(in_batches(self.images, z, category, codes))

    @property
    def classes(self) -> int:
        categories: int = self.settings.categories
        return categories

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row for each of the first 16 categories: five images of any z and codes, then five for each code.

        Those five are of one z. The code, one of the first two, goes from -1 to 1, and all others are 0.
        """
        categories = np.repeat(np.arange(min(self.classes, 16)), SHOWN)
        blocks = [self.make(len(categories), rng, Ask(categories)).samples]
        z = repeat(self.noise(len(categories) // SHOWN, self.settings.latent, rng), SHOWN, axis=0)
        for code in range(min(self.settings.codes, 2)):
            codes = np.zeros((len(categories), self.settings.codes), np.float32)
            codes[:, code] = np.resize(np.linspace(-1, 1, SHOWN), len(categories))
            given = [Tensor(to_device(a, self.device)) for a in (categories, codes)]
            blocks.append(in_batches(self.images, z, *given))
        rows = [block.reshape(-1, SHOWN, *self.spec.shape) for block in blocks]
        images = np.concatenate(rows, axis=1).reshape(-1, *self.spec.shape)
        return Made(images, columns=SHOWN * len(blocks))

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """What Q reads off new samples, and whether the category stands for the digit.

        ``category_accuracy``: the best one-to-one map from categories to the classifier's classes is chosen
        on half of the samples, and scored on the other half. It is for data that the classifier recognises;
        that of real data, with labels for categories, is the classifier's accuracy.
        """
        z, category, codes = self.draw(MEASURED, rng)
        images = in_batches(self.images, z, category, codes)
        guess = Tensor(in_batches(self.guess, Tensor(to_device(images, self.device))))
        category_loss, _ = self.missed(guess, *(Tensor(t.numpy()) for t in (category, codes)))
        figures: dict[str, float] = {"measured": MEASURED}
        figures["category_information"] = math.log(self.settings.categories) - category_loss.item()
        if self.settings.codes:
            pairs = zip(codes.numpy().T, guess.numpy()[:, self.settings.categories :].T, strict=True)
            figures["code_correlation"] = float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))
        judge = load_classifier()
        known = judge.accuracy(as_digits(data.test()), data.test_labels) if len(data.test_labels) else 0.0
        if known >= SURE:
            found = judge.predict(as_digits(images))
            figures["category_accuracy"] = matched_share(category.numpy(), found, self.settings.categories)
            figures["real_category_accuracy"] = known
        return figures

    def guess(self, images: Tensor) -> Tensor:
        """Q's guess (n, categories + codes) from images: logits, and the means of the codes."""
        guess: Tensor = self.recognition(self.trunk(images))
        return guess


def _layer(inputs: int, outputs: int, activation: nn.Module) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), activation


def seen(images: Tensor, left: Tensor | None, rng: Generator) -> Tensor:
    """The images as D and Q see them in an update."""
    return images if left is None else warp(images, left, rng)
