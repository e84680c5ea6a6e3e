"""BigGAN: a class-conditional GAN that grows well, and truncated noise (Brock et al. 2019).

D descends the hinge loss, ``critic_steps`` times for each step of G, and G raises D's score:

    L_D = E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y)),   L_G = -E D(G(z, y), y)

The class enters G through conditional batch norm, and D through a projection. A penalty keeps the filters of
G, the rows of each weight matrix W, nearly orthogonal (equation 3):

    R(W) = beta |W W^T * (1 - I)|^2

Samples come from an average of G's weights. *Truncation* draws each number of z anew until its size is below
a bound (section 3.1). The smaller the bound, the nearer the samples are to what G makes of z = 0: clearer,
and more alike.

The paper has 96 channels, batches of 2,048, images of 128 to 512 pixels, Adam (0, 0.999) with rates of 5e-5
and 2e-4, two steps of D, and beta 1e-4. Here the networks are small ones of the same kind, with larger rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gans.data.spec import Spec
from gans.networks.biggan import BigDiscriminator, BigGenerator
from gans.objectives import hinge
from gans.systems.classes import by_class, rows_by_class
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.truncating import TRUNCATION_MEANINGS, figures_of_truncation
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import matmul, mean, reshape, square, sum, swapaxes
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class BigGANSettings(TwoAdamSettings):
    critic_steps: int = setting(1, "updates of D for each update of G", least=1, most=10_000, metavar="K")
    orthogonal: float = setting(1e-4, "weight of the penalty of G's filters", least=0, metavar="WEIGHT")
    latent: int = setting(64, "length of the noise vector z, and of a class's embedding", least=1, most=2**16)
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10)


class BigGAN(System):
    name, title, paper = "biggan", "BigGAN", "Brock et al. 2019"
    summary = "class-conditional residual networks, and a truncated z for clearer samples"
    presets = {
        "image": BigGANSettings(ema=0.99, lr=1e-3, beta1=0.0, lr_half_life=700),
    }
    epochs = {"image": 24}
    labelled = True
    asks = ("classes", "truncation")
    figure_meanings = TRUNCATION_MEANINGS

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: BigGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.objective = hinge()
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: BigGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G and D with orthogonal weights, which spectral norm divides."""
        networks: dict[str, nn.Module] = {
            "generator": BigGenerator(settings.latent, spec.classes, spec.shape, settings.features),
            "discriminator": BigDiscriminator(spec.classes, spec.shape, settings.features),
        }
        for network in networks.values():
            for weight in matrices(network):
                nn.init.orthogonal_(weight)
        return networks

    @classmethod
    def batches_in_a_step(cls, settings: BigGANSettings) -> int:
        return settings.critic_steps

    def step(self, trainer: Trainer) -> None:
        for _ in range(self.settings.critic_steps):
            real, labels, _ = trainer.batch()
            trainer.update(self.update_discriminator, real, labels, trainer.rng)
        trainer.update(self.update_generator, labels, trainer.rng)

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, real: Tensor, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D on real images with their labels, and on fakes made for the same labels."""
        with no_grad():
            fake = self.generator(self.noise(len(real), self.settings.latent, rng), labels)
        on_real, on_fake = self.discriminator(real, labels), self.discriminator(fake, labels)
        loss = self.objective.discriminator(on_real, on_fake)
        norm, _ = descend(loss, self.optimizer_d)
        return {"loss_d": loss, "d_real": mean(on_real), "d_fake": mean(on_fake), "grad_norm_d": norm}

    @update("generator", reports=("loss_g", "orthogonality", "grad_norm_g"))
    def update_generator(self, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G: D's score of its fakes rises, and its filters stay apart."""
        fake = self.generator(self.noise(len(labels), self.settings.latent, rng), labels)
        loss = self.objective.generator(self.discriminator(fake, labels))
        orthogonality = overlap(self.generator)
        norm, _ = descend(loss + orthogonality * self.settings.orthogonal, self.optimizer_g)
        return {"loss_g": loss, "orthogonality": orthogonality, "grad_norm_g": norm}

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.generator(z, classes)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.discriminator(samples, classes)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` images of the classes asked for, or of classes drawn evenly; z may be truncated."""
        return by_class(self, self.latent(n, rng, ask.truncation), rng, ask)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row of images for each class."""
        return rows_by_class(self, rng)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return figures_of_truncation(self, data, rng)


def matrices(network: nn.Module) -> list[nn.Parameter]:
    """The weights of ``network`` with two axes or more: those of its layers."""
    return [weight for weight in network.parameters() if weight.ndim > 1]


def overlap(network: nn.Module) -> Tensor:
    """|W W^T * (1 - I)|^2, summed over the weights W (filters, inputs) of ``network`` (equation 3)."""
    total: Tensor | float = 0.0
    for weight in matrices(network):
        filters = reshape(weight, (len(weight), -1))
        lengths = sum(square(filters), axis=1)
        total = total + sum(square(matmul(filters, swapaxes(filters, 0, 1)))) - sum(square(lengths))
    assert isinstance(total, Tensor)
    return total
