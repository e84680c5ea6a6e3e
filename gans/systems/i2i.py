"""I2I Adapt: a classifier that moves to a domain without labels by translation (Murez et al. 2018).

An encoder f makes codes of images x of the source, which have labels c, and y of the target, which have none.
A classifier h reads codes, and decoders g_x and g_y make images of each domain. The losses (section 3):

    Q_c     E -log P(c | f(x))                                         h names the class
    Q_trc   E -log P(c | f(y'))            y' = g_y(f(x), t)           also of a source that was translated
    Q_z     f climbs the loss of a head that names the domain of f(y)
    Q_id    mean |g_x(f(x)) - x| + mean |g_y(f(y), t) - y|             each decoder rebuilds its own domain
    Q_cyc   mean |g_x(f(y')) - x|                                      there and back is the identity
    Q_tr    mean (D_y(y') - 1)^2 + mean (D_x(g_x(f(y))) - 1)^2         translations look like their domain

With Q_c and Q_z alone it is nearly DANN, where codes of the source move, too. Q_trc adds labelled images that
look like the target's, and the others keep a digit the same digit. In the paper a code holds all of an image.
But one that hides the domain has no place for textures, which the target alone has: another encoder gives
each y a vector t of its texture (Huang et al. 2018). Batch norm makes its mean 0 and its variance 1, like
those of N(0, I), from which a translation has t. The cycle of y, from texture to texture, is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks import patch, textured
from gans.objectives import binary_cross_entropy, least_squares
from gans.systems.adapting import ACCURACY_MEANINGS, accuracies, reversed_gradient
from gans.systems.classes import named
from gans.systems.i2i_settings import FOR_DIGITS, I2ISettings
from gans.systems.optimizing import adam
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import Translation, both_directions, check_two_sets, judged_sets, one_direction
from gans.updates import descend, update
from minigrad import Tensor, nn, tensor
from minigrad.ops import concatenate, cross_entropy, l1_loss, mse_loss
from minigrad.random import Generator


class I2I(System):
    name, title, paper = "i2i", "I2I Adapt", "Murez et al. 2018"
    summary = "a classifier that moves to a domain without labels, taught by translated images"
    presets = {"domains": FOR_DIGITS}
    epochs = {"domains": 20}
    data = "textured:mnist5k"
    labelled = True
    averaged = ("encoder", "classifier", "to_source", "to_target", "texture")
    asks = ("sources", "back")
    figure_meanings = ACCURACY_MEANINGS

    encoder: nn.Module
    texture: nn.Module
    classifier: nn.Module
    domain_head: nn.Module
    to_source: nn.Module
    to_target: nn.Module
    discriminator_source: nn.Module
    discriminator_target: nn.Module

    def __init__(self, settings: I2ISettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.objective = least_squares()
        heads = self.classifier, self.domain_head
        self.optimizer_g = adam(settings, self.encoder, self.texture, *heads, self.to_source, self.to_target)
        judges = self.discriminator_source, self.discriminator_target
        self.optimizer_d = adam(settings, *judges, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: I2ISettings, spec: Spec) -> dict[str, nn.Module]:
        (channels, h, w), features, width = spec.shape, settings.features, settings.width
        size, latent = (h, w), settings.latent
        return {
            "encoder": textured.encoder(channels, size, features),
            "texture": textured.texture_encoder(channels, size, features // 2, latent),
            "classifier": textured.head(size, features, width, spec.classes),
            "domain_head": textured.head(size, features, width, 1),
            "to_source": textured.Decoder(channels, size, features),
            "to_target": textured.TexturedDecoder(channels, size, features, latent),
            "discriminator_source": patch.discriminator(channels, size, features, nn.BatchNorm2d),
            "discriminator_target": patch.discriminator(channels, size, features, nn.BatchNorm2d),
        }

    def step(self, trainer: Trainer) -> None:
        target, labels, source = trainer.batch()
        strength = tensor(self.settings.strength(trainer.step), np.float32, self.device)
        fakes = trainer.update(self.update_all, source, labels, target, strength, trainer.rng)
        trainer.update(self.update_discriminators, source, target, fakes)

    @update(
        "encoders, heads and decoders",
        reports=(
            *("loss_g", "class_real", "class_loss", "domain_loss", "strength"),
            *("identity", "cycle", "adversarial", "grad_norm_g"),
        ),
    )
    def update_all(
        self, x: Tensor, labels: Tensor, y: Tensor, strength: Tensor, rng: Generator
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """One update of all but the image discriminators; returns translations to both domains."""
        s, n = self.settings, len(x)
        networks = self.encoder, self.texture, self.to_source, self.to_target
        way = textured.both_ways(*networks, x, y, self.noise(n, s.latent, rng))
        class_real = cross_entropy(self.classifier(way.code_x), labels)
        class_loss = cross_entropy(self.classifier(way.code_of_fake), labels)
        domain = self.domain_head(concatenate([way.code_x.detach(), reversed_gradient(way.code_y, strength)]))
        domain_loss = binary_cross_entropy(domain[:n], domain[n:]) / 2
        identity = l1_loss(way.rebuilt_x, x) + l1_loss(way.rebuilt_y, y)
        cycle = l1_loss(way.x_again, x)
        on_x, on_y = self.discriminator_source(way.fake_x), self.discriminator_target(way.fake_y)
        adversarial = mse_loss(on_x, 1.0) + mse_loss(on_y, 1.0)

        loss = class_real + s.class_weight * class_loss + s.adversarial * adversarial
        loss = loss + s.identity * identity + s.cycle * cycle
        numbers = {"loss_g": loss, "identity": identity, "cycle": cycle, "adversarial": adversarial}
        numbers |= {"class_real": class_real, "class_loss": class_loss, "domain_loss": domain_loss}
        numbers |= {"strength": strength, "grad_norm_g": descend(loss + domain_loss, self.optimizer_g).norm}
        return numbers, (way.fake_x.detach(), way.fake_y.detach())

    @update("discriminators", reports=("loss_d", "loss_d_a", "loss_d_b", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminators(self, x: Tensor, y: Tensor, fakes: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One update of D_x and D_y, each on real images and translations of its own domain."""
        judges = self.discriminator_source, self.discriminator_target
        numbers = judged_sets(self.objective.discriminator, judges, (x, y), fakes)
        return {**numbers, "grad_norm_d": descend(numbers["loss_d"], self.optimizer_d).norm}

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources as images of the other domain."""
        return one_direction(n, ask, *self.directions(rng), self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        return both_directions(n, ask, *self.directions(rng), self.name)

    def directions(self, rng: Generator) -> tuple[Translation, Translation]:
        """Functions from images of the source to the target, with textures from ``rng``, and back."""

        def to_target(images: Any) -> NDArray[np.float32]:
            t = self.noise(len(images), self.settings.latent, rng)
            return in_batches(lambda x, t: self.to_target(self.encoder(x), t), images, t, device=self.device)

        back = nn.Sequential(self.encoder, self.to_source)
        return to_target, lambda images: in_batches(back, images, device=self.device)

    def classify(self, images: Any) -> NDArray[np.int64]:
        """The class of each image of either domain, (n,)."""
        return named(lambda x: self.classifier(self.encoder(x)), images, self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return accuracies(data, self.classify)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_two_sets(spec, cls.name)
