"""I2I Adapt: a classifier that moves to a domain without labels by translation (Murez et al. 2018).

An encoder f makes codes of images of both domains: x of the source, which have labels c, and y of the target,
which have none. A classifier h reads codes, and a decoder for each domain, g_x and g_y, makes images of them.
With weights, these are the losses of f, h and the decoders (section 3):

    Q_c     E -log P(c | f(x))                                         h names the class
    Q_trc   E -log P(c | f(y'))            y' = g_y(f(x), t)           also of a source that was translated
    Q_z     f climbs the loss of a head that names the domain of f(y)
    Q_id    mean |g_x(f(x)) - x| + mean |g_y(f(y), t) - y|             each decoder rebuilds its own domain
    Q_cyc   mean |g_x(f(y')) - x|                                      there and back is the identity
    Q_tr    mean (D_y(y') - 1)^2 + mean (D_x(g_x(f(y))) - 1)^2         translations look like their domain

With Q_c and Q_z alone it is nearly DANN, where codes of the source move, too. Q_trc adds images that look
like the target's and have labels. The others keep a translated digit the same digit: its code rebuilds it.

In the paper a code holds all of an image. But a code that hides the domain has no place for textures, which
the target alone has. So another encoder gives each y a vector t of its texture, beside the code (Huang et al.
2018). Batch norm without a scale gives t mean 0 and variance 1, so that the t of a translation, from N(0, I),
is one of them. The cycle of y, from texture to texture, is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks import patch, textured
from gans.objectives import binary_cross_entropy, least_squares
from gans.systems.adapting import ACCURACY_MEANINGS, AdaptationSettings, accuracies, reversed_gradient
from gans.systems.classes import named
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer, in_batches
from gans.systems.translating import both_directions, check_two_sets, judged_sets, translations
from gans.updates import descend, update
from minigrad import Tensor, nn, tensor
from minigrad.ops import concatenate, cross_entropy, l1_loss, mse_loss
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class I2ISettings(AdaptationSettings, TwoAdamSettings):
    class_weight: float = setting(
        1.0, "weight of the classes of translated images", least=0, metavar="WEIGHT"
    )
    identity: float = setting(0.5, "weight of images rebuilt from their codes", least=0, metavar="WEIGHT")
    cycle: float = setting(0.5, "weight of the way there and back", least=0, metavar="WEIGHT")
    adversarial: float = setting(0.4, "weight of D's opinion of translations", least=0, metavar="WEIGHT")
    latent: int = setting(8, "length of the vector of a texture", least=1, most=2**14)
    features: int = setting(32, "channels of the encoder's first layer", least=1, most=2**10)
    width: int = setting(100, "units of the heads' hidden layers", least=1, most=2**14)


class I2I(System):
    name, title, paper = "i2i", "I2I Adapt", "Murez et al. 2018"
    summary = "a classifier that moves to a domain without labels, taught by translated images"
    presets = {
        "domains": I2ISettings(
            batch_size=32, lr=1e-3, lr_ratio=0.5, lr_half_life=800, ema=0.99, adaptation=0.5, ramp_steps=500
        )
    }
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
        channels, h, w = spec.shape
        features, width, latent, size = settings.features, settings.width, settings.latent, (h, w)
        code = math.prod(textured.code_shape(size, features))

        def head(outputs: int) -> nn.Module:
            return nn.Sequential(nn.Flatten(), nn.Linear(code, width), nn.ReLU(), nn.Linear(width, outputs))

        def judge() -> nn.Module:
            return patch.discriminator(channels, size, features, nn.BatchNorm2d)

        return {
            "encoder": textured.encoder(channels, size, features),
            "texture": textured.texture_encoder(channels, size, features // 2, latent),
            "classifier": head(spec.classes),
            "domain_head": head(1),
            "to_source": textured.Decoder(channels, size, features),
            "to_target": textured.TexturedDecoder(channels, size, features, latent),
            "discriminator_source": judge(),
            "discriminator_target": judge(),
        }

    def step(self, trainer: Trainer) -> None:
        target, labels, source = trainer.batch()
        strength = tensor(np.float32(self.settings.strength(trainer.step)), device=self.device)
        fakes = trainer.update(self.update_all, source, labels, target, strength, trainer.rng)
        trainer.update(self.update_discriminators, source, target, *fakes)

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
        code = self.encoder(concatenate([x, y]))
        texture = concatenate([self.noise(n, s.latent, rng), self.texture(y)])
        made_y = self.to_target(code, texture)
        fake_y, rebuilt_y = made_y[:n], made_y[n:]
        code_of_fake = self.encoder(fake_y)
        made_x = self.to_source(concatenate([code, code_of_fake]))
        rebuilt_x, fake_x, x_again = made_x[:n], made_x[n:-n], made_x[-n:]

        class_real = cross_entropy(self.classifier(code[:n]), labels)
        class_loss = cross_entropy(self.classifier(code_of_fake), labels)
        domain = self.domain_head(concatenate([code[:n].detach(), reversed_gradient(code[n:], strength)]))
        domain_loss = binary_cross_entropy(domain[:n], domain[n:]) / 2
        identity = l1_loss(rebuilt_x, x) + l1_loss(rebuilt_y, y)
        cycle = l1_loss(x_again, x)
        on_x, on_y = self.discriminator_source(fake_x), self.discriminator_target(fake_y)
        adversarial = mse_loss(on_x, 1.0) + mse_loss(on_y, 1.0)

        loss = class_real + s.class_weight * class_loss + s.adversarial * adversarial
        loss = loss + s.identity * identity + s.cycle * cycle
        norm, _ = descend(loss + domain_loss, self.optimizer_g)
        numbers = {"loss_g": loss, "identity": identity, "cycle": cycle, "adversarial": adversarial}
        numbers |= {"class_real": class_real, "class_loss": class_loss, "domain_loss": domain_loss}
        numbers |= {"strength": strength, "grad_norm_g": norm}
        return numbers, (fake_x.detach(), fake_y.detach())

    @update("discriminators", reports=("loss_d", "loss_d_a", "loss_d_b", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminators(
        self, x: Tensor, y: Tensor, fake_x: Tensor, fake_y: Tensor
    ) -> dict[str, Tensor]:
        """One update of D_x and D_y, each on real images and translations of its own domain."""
        judges = self.discriminator_source, self.discriminator_target
        numbers = judged_sets(self.objective.discriminator, judges, (x, y), (fake_x, fake_y))
        return {**numbers, "grad_norm_d": descend(numbers["loss_d"], self.optimizer_d).norm}

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources as images of the other domain."""
        return translations(n, ask, self.into_source if ask.back else self.into_target(rng), self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Both directions."""
        return both_directions(n, ask, self.into_target(rng), self.into_source, self.name)

    def into_source(self, images: Any) -> NDArray[np.float32]:
        """Images of the target as images of the source."""
        return in_batches(lambda y: self.to_source(self.encoder(y)), images, device=self.device)

    def into_target(self, rng: Generator) -> Any:
        """A function from images of the source to images of the target, with textures from ``rng``."""

        def translate(images: Any) -> NDArray[np.float32]:
            textures = self.noise(len(images), self.settings.latent, rng)
            return in_batches(
                lambda x, t: self.to_target(self.encoder(x), t), images, textures, device=self.device
            )

        return translate

    def classify(self, images: Any) -> NDArray[np.int64]:
        """The class of each image of either domain, (n,)."""
        return named(lambda x: self.classifier(self.encoder(x)), images, self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return accuracies(data, self.classify)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_two_sets(spec, cls.name)
