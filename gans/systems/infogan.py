"""InfoGAN: a part of the noise is a code that can be read off the image (Chen et al. 2016).

    min_{G,Q} max_D  V(D, G) - lambda L(G, Q)                                          (equation 6)
    L(G, Q) = E[log Q(c | G(z, c))] + H(c)  <=  I(c; G(z, c))                          (equation 5)

G makes an image from noise z and a code c: a category, each as likely as the others, and continuous codes
from U(-1, 1). Q guesses the code of a fake. It shares D's layers, the trunk, but for a head of its own. A
better guess means that the image says more about the code: L is a lower bound of their mutual information.
So the category and the codes get a meaning, without any label. -log Q(category) is the cross entropy of
logits, -log Q(codes) the squared error of a Gaussian of variance 1, as in the authors' code. D's update
changes the trunk and both heads, G's update G alone.

A category that is half of the 4s and half of the 9s loses nothing in L, and the paper leaves to chance what a
category becomes. Here, from a step on, D and Q see all images, real and generated, under random affine maps,
and Q sees each real image a second time under another map. Both of its guesses of the category share
information, mu I(Q(x), Q(warp x)), which D's update ascends, too (Ji et al. 2019). A digit stays the same
digit under a map, a style of strokes does not. The border of two categories moves to where few real images
lie, between two digits, and G follows. Before that step G learns what images are, with categories that still
change; afterwards the maps shrink to nothing, and the weight of the codes grows from 0: images get their
variety once the categories are fixed. With a mu of 0 and without maps it is the paper's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.data.spec import Spec
from gans.networks.infogan import generator_of, judges_of
from gans.networks.warp import seen, warp
from gans.objectives import binary_cross_entropy, non_saturating, shared_information
from gans.steps import probabilities
from gans.systems.codes import FIGURES, drawn_codes, figures_of_codes, rows_by_category
from gans.systems.infogan_settings import InfoGANSettings
from gans.systems.optimizing import adam
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.nn.functional import one_hot
from minigrad.ops import concatenate, cross_entropy, mean, square, sum
from minigrad.random import Generator


class InfoGAN(System):
    name, title, paper = "infogan", "InfoGAN", "Chen et al. 2016"
    summary = "a category and codes in the noise, which a network Q reads off the fakes, get a meaning"
    presets = {
        "image": InfoGANSettings(
            ema=0.995, lr=1e-3, lr_ratio=0.2, features=8, warp_from=1500, warp_steps=4000, views_weight=1.0
        )
    }
    epochs = {"image": 60}
    asks = ("classes", "truncation")
    figure_meanings = FIGURES

    generator: nn.Module
    trunk: nn.Module
    head: nn.Module
    recognition: nn.Module

    def __init__(self, settings: InfoGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.trunk, self.head, self.recognition, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: InfoGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G; the trunk, which D and Q share; D's head; Q's head, "recognition"."""
        code, hidden, features = settings.categories + settings.codes, settings.hidden, settings.features
        return {
            "generator": generator_of(settings.latent + code, hidden, spec.shape, features),
            **judges_of(hidden, spec.shape, 2 * features, code),
        }

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
        """One update of D and Q: D parts real from fake, Q guesses codes; ``warped``: it has second views."""
        z, category, codes = self.draw(len(real), rng)
        with no_grad():
            fake = self.images(z, category, codes)
        of_fake, of_real = (self.trunk(seen(x, left if warped else None, rng)) for x in (fake, real))
        on_real, on_fake = self.head(of_real), self.head(of_fake)
        loss = binary_cross_entropy(on_real, on_fake)
        total = loss + self.weighted(*self.missed(self.recognition(of_fake), category, codes), left)
        numbers = {"loss_d": loss, **probabilities(on_real, on_fake)}
        if warped and self.settings.views_weight:
            guesses = self.recognition(of_real), self.guess(warp(real, 1.0, rng))
            numbers["views"] = shared_information(*(guess[:, : self.classes] for guess in guesses))
            total = total - numbers["views"] * self.settings.views_weight
        return {**numbers, "grad_norm_d": descend(total, self.optimizer_d).norm}

    @update("generator", reports=("loss_g", "category_loss", "code_loss", "grad_norm_g"))
    def update_generator(
        self, rng: Generator, left: Tensor | None = None, warped: bool = True
    ) -> dict[str, Tensor]:
        """One update of G: D takes its fakes for real, and Q reads the code off them."""
        z, category, codes = self.draw(self.batch_size, rng)
        fake = self.images(z, category, codes)
        features = self.trunk(seen(fake, left if warped else None, rng))
        loss = non_saturating(self.head(features))
        missed = self.missed(self.recognition(features), category, codes)
        norm, _ = descend(loss + self.weighted(*missed, left), self.optimizer_g)
        return {"loss_g": loss, "category_loss": missed[0], "code_loss": missed[1], "grad_norm_g": norm}

    def draw(self, n: int, rng: Generator, bound: float | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """z (n, latent) from N(0, I), categories (n,), and codes (n, codes) from U(-1, 1).

        The ``bound`` is that of z.
        """
        return self.noise(n, self.settings.latent, rng, bound), *drawn_codes(self, n, rng)

    def images(self, z: Tensor, category: Tensor, codes: Tensor) -> Tensor:
        """The images of noise, categories and codes."""
        chosen = one_hot(category, self.settings.categories).astype(np.float32)
        return self.generator(concatenate([z, chosen, codes], axis=1))

    def missed(self, guess: Tensor, category: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """-log Q of the category and of the codes, the latter without its constant, means over the batch."""
        k = self.settings.categories
        return cross_entropy(guess[:, :k], category), mean(sum(square(guess[:, k:] - codes), axis=1)) * 0.5

    def weighted(self, category_loss: Tensor, code_loss: Tensor, left: Tensor | None = None) -> Tensor:
        """-lambda L without its constant H(c), with a lambda each for the category and the codes."""
        settings: InfoGANSettings = self.settings
        share = 1.0 if left is None else 1.0 - left
        return category_loss * settings.category_weight + code_loss * share * settings.code_weight

    def latent(self, n: int, rng: Generator, bound: float | None = None) -> Tensor:
        """The codes, then z: (n, codes + latent)."""
        z, _, codes = self.draw(n, rng, bound)
        return concatenate([codes, z], axis=1)

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Images of codes and z, in one row each, and of categories."""
        assert classes is not None, "an image has a category"
        count = self.settings.codes
        return self.images(z[:, count:], classes, z[:, :count])

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.head(self.trunk(samples))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` images; the classes that are asked for are categories, which are no labels of the data."""
        z, category, codes = self.draw(n, rng, ask.truncation)
        if ask.classes is not None:
            category = tensor(ask.classes, device=self.device)
        return Made(in_batches(self.images, z, category, codes))

    @property
    def classes(self) -> int:
        return int(self.settings.categories)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        return rows_by_category(self, rng)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return figures_of_codes(self, data, rng)

    def guess(self, images: Tensor) -> Tensor:
        """Q's guess (n, categories + codes) from images: logits, and the means of the codes."""
        return self.recognition(self.trunk(images))
