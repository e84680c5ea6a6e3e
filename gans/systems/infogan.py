"""InfoGAN: a part of the noise is a code that can be read off the image (Chen et al. 2016).

    min_{G,Q} max_D  V(D, G) - lambda L(G, Q)                                          (equation 6)
    L(G, Q) = E[log Q(c | G(z, c))] + H(c)  <=  I(c; G(z, c))                          (equation 5)

G makes an image from noise z and a code c: a category, each as likely as the others, and continuous codes
from U(-1, 1). Q guesses the code of a fake. It shares D's layers, the trunk, but for a head of its own. A
better guess means that the image says more about the code: L is a lower bound of their mutual information.
Training makes the guess easy for Q, so the category and the codes get a meaning, without any label.

-log Q(category) is the cross entropy of logits, -log Q(codes) the squared error of a Gaussian of variance 1,
as in the authors' code. D's update changes the trunk and both heads, G's update G alone.

A category that is half of the 4s and half of the 9s loses nothing in L, and the paper leaves to chance what a
category becomes. Here, from a step on, D and Q see all images, real and generated, under random affine maps
(``gans.networks.warp``), and Q sees each real image a second time under another map. Both of its guesses of
the category share information I (Ji et al. 2019), which D's update ascends, too:

    + mu I(Q(x), Q(warp x))

A digit stays the same digit under a map, a style of strokes does not. The border of two categories moves to
where few real images lie, between two digits, and G follows. Before that step G learns what images are, with
categories that still change; afterwards the maps shrink to nothing, and the weight of the codes grows from 0:
images get their variety once the categories are fixed. With a mu of 0 and without maps it is the paper's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.data.spec import Kind, Spec
from gans.networks.infogan import generator_of, judges_of
from gans.networks.warp import warp
from gans.objectives import binary_cross_entropy, non_saturating, shared_information
from gans.steps import probabilities
from gans.systems.codes import FIGURES, figures_of_codes, rows_by_category
from gans.systems.infogan_settings import InfoGANSettings, check
from gans.systems.optimizing import adam
from gans.systems.system import Ask, Made, System, Trainer, in_batches
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.devices import to_device
from minigrad.nn.functional import one_hot
from minigrad.ops import concatenate, cross_entropy, mean, square, sum
from minigrad.random import Generator, integers, uniform

SIZE = 0.6
"""Of the largest maps that D sees, as a share of those of second views."""


class InfoGAN(System):
    name, title, paper = "infogan", "InfoGAN", "Chen et al. 2016"
    summary = "a category and codes in the noise, which a network Q reads off the fakes, get a meaning"
    presets = {
        "image": InfoGANSettings(
            ema=0.995,
            lr=1e-3,
            lr_ratio=0.2,
            features=8,
            warp_from=1500,
            warp_steps=4000,
            views_weight=1.0,
        )
    }
    epochs = {"image": 60}
    asks = ("classes",)
    figure_meanings = FIGURES

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
        code, hidden, features = settings.categories + settings.codes, settings.hidden, settings.features
        return {
            "generator": generator_of(settings.latent + code, hidden, spec.shape, features),
            **judges_of(hidden, spec.shape, 2 * features, code),
        }

    @classmethod
    def check_settings(cls, settings: InfoGANSettings, kind: Kind) -> None:
        super().check_settings(settings, kind)
        check(settings)

    def step(self, trainer: Trainer) -> None:
        share = self.settings.warp_left(trainer.step)
        left = tensor(share, np.float32, self.device) if share else None
        warped = trainer.step >= self.settings.warp_from
        trainer.update(self.update_discriminator, trainer.batch().real, trainer.rng, left, warped)
        trainer.update(self.update_generator, trainer.rng, left, warped)

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "views", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, rng: Generator, left: Tensor | None = None, warped: bool = True
    ) -> dict[str, Tensor]:
        """One update of D and Q: D parts real from fake, Q guesses the code of the fakes.

        If images are ``warped``, Q's guesses of real ones share information with those of a second view.
        """
        z, category, codes = self.draw(len(real), rng)
        with no_grad():
            fake = self.images(z, category, codes)
        of_fake, of_real = (self.trunk(seen(images, left, warped, rng)) for images in (fake, real))
        on_real, on_fake = self.head(of_real), self.head(of_fake)
        loss = binary_cross_entropy(on_real, on_fake)
        total = loss + self.weighted(*self.missed(self.recognition(of_fake), category, codes), left)
        numbers = {"loss_d": loss, **probabilities(on_real, on_fake)}
        if warped and self.settings.views_weight:
            guesses = self.recognition(of_real), self.guess(warp(real, 1.0, rng))
            shared = shared_information(*(guess[:, : self.settings.categories] for guess in guesses))
            numbers["views"] = shared
            total = total - shared * self.settings.views_weight
        return {**numbers, "grad_norm_d": descend(total, self.optimizer_d).norm}

    @update("generator", reports=("loss_g", "category_loss", "code_loss", "grad_norm_g"))
    def update_generator(
        self, rng: Generator, left: Tensor | None = None, warped: bool = True
    ) -> dict[str, Tensor]:
        """One update of G: D takes its fakes for real, and Q reads the code off them."""
        z, category, codes = self.draw(self.settings.batch_size, rng)
        fake = self.images(z, category, codes)
        features = self.trunk(seen(fake, left, warped, rng))
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
        """A row for each of the first categories: any codes, then each code from -1 to 1."""
        return rows_by_category(self, rng)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """What Q reads off images, and whether the category stands for the digit."""
        return figures_of_codes(self, data, rng)

    def guess(self, images: Tensor) -> Tensor:
        """Q's guess (n, categories + codes) from images: logits, and the means of the codes."""
        guess: Tensor = self.recognition(self.trunk(images))
        return guess


def seen(images: Tensor, left: Tensor | None, warped: bool, rng: Generator) -> Tensor:
    """The images as D and Q see them in an update."""
    return warp(images, left * SIZE, rng) if warped and left is not None else images
