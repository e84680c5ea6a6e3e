"""CGAN: the class is an input of G and of D, and G makes samples of a chosen class (Mirza and Osindero 2014).

    min_G max_D  E log D(x | y) + E log(1 - D(G(z | y)))                                (equation 2)

An image with its label (x, y) from the data teaches D two things: x is real for y, and G(z | y), a fake for
the same y, is not. D errs less often if it compares the image with the label, and then G deceives D only with
an image of the right class. Fakes have the labels of the data, so their classes are as frequent.

The paper's networks are fully connected, with maxout in D, dropout in both, and SGD with momentum; z is from
U(0, 1)^100. Here they are DCGAN's, with Adam and z from N(0, I): clearer images after the same time.
The label enters as in the paper: learnt weights map it to numbers of its own, which are joined to those of z
in G's first layer, and to the pixels of x.
"""

from __future__ import annotations

from dataclasses import dataclass

from gans.data.spec import Spec
from gans.networks import dcgan
from gans.networks.conditional import ConditionalGenerator
from gans.objectives import binary_cross_entropy, non_saturating
from gans.steps import probabilities
from gans.systems.classes import by_class, rows_by_class
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import concatenate, reshape
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class CGANSettings(TwoAdamSettings):
    latent: int = setting(100, "length of the noise vector z", least=1, most=2**16)
    features: int = setting(32, "channels of the layers next to the image", least=1, most=2**10)


class ConditionalDiscriminator(nn.Module):
    """Images (n, c, h, w), labels (n,) -> logits (n, 1): the label's learnt plane is a channel more."""

    def __init__(self, settings: CGANSettings, spec: Spec) -> None:
        c, h, w = spec.shape
        self.label = nn.Embedding(spec.classes, h * w)
        self.logit = dcgan.discriminator((c + 1, h, w), settings.features)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        n, _, h, w = x.shape
        plane = reshape(self.label(labels), (n, 1, h, w))
        logits: Tensor = self.logit(concatenate([x, plane], axis=1))
        return logits


class CGAN(System):
    name, title, paper = "cgan", "CGAN", "Mirza and Osindero 2014"
    summary = "the label is an input of G and of D; G makes samples of a chosen class"
    presets = {"image": CGANSettings(ema=0.995, lr=8e-4, lr_half_life=800)}
    epochs = {"image": 32}
    labelled = True
    asks = ("classes", "truncation")

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: CGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: CGANSettings, spec: Spec) -> dict[str, nn.Module]:
        return {
            "generator": ConditionalGenerator(settings.latent, spec.classes, spec.shape, settings.features),
            "discriminator": ConditionalDiscriminator(settings, spec),
        }

    def step(self, trainer: Trainer) -> None:
        real, labels, _ = trainer.batch()
        trainer.update(self.update_discriminator, real, labels, trainer.rng)
        trainer.update(self.update_generator, labels, trainer.rng)

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, real: Tensor, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D on real images with their labels, and on fakes made for the same labels."""
        with no_grad():
            fake = self.generator(self.noise(len(real), self.settings.latent, rng), labels)
        on_real, on_fake = self.discriminator(real, labels), self.discriminator(fake, labels)
        loss = binary_cross_entropy(on_real, on_fake)
        descent = descend(loss, self.optimizer_d)
        return {"loss_d": loss, **probabilities(on_real, on_fake), "grad_norm_d": descent.norm}

    @update("generator", reports=("loss_g", "grad_norm_g"))
    def update_generator(self, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G, whose fakes D judges by the labels that G was given."""
        fake = self.generator(self.noise(len(labels), self.settings.latent, rng), labels)
        loss = non_saturating(self.discriminator(fake, labels))
        descent = descend(loss, self.optimizer_g)
        return {"loss_g": loss, "grad_norm_g": descent.norm}

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.generator(z, classes)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.discriminator(samples, classes)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` images of the classes asked for, or of classes drawn evenly."""
        return by_class(self, self.latent(n, rng, ask.truncation), rng, ask)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row of images for each class."""
        return rows_by_class(self, rng)
