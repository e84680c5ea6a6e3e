"""Unrolled GAN: G descends the loss of a D that has already answered it (Metz et al. 2017).

    theta^0 = theta_D,   theta^{k+1} = theta^k + eta df(theta_G, theta^k)/dtheta^k       (equations 7 and 8)
    f_K(theta_G, theta_D) = f(theta_G, theta^K)                                          (equation 10)

f is the value of the game, which D maximizes and G minimizes. G descends f_K: its gradient has a term through
D's fakes, as in every GAN, and a second one through D's K steps, which says how D would answer a change of G
(equation 13). A G that moves all its samples to one mode gains against the present D, and loses against the D
that has answered. D itself takes one step, from theta_D: the K steps are computed and change nothing.

The steps ahead are Adam's, with D's own running averages, as in the authors' code. There D and G have two
tanh layers of 128 units with orthogonal weights, on batches of 512, for 25,000 steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gans.data.spec import Spec
from gans.networks.mlp import mlp
from gans.objectives import binary_cross_entropy
from gans.steps import probabilities
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from gans.wholes import mean_of_ranks
from minigrad import Tensor, grad, nn, no_grad, tensor
from minigrad.nn import functional_call
from minigrad.ops import sigmoid, sqrt, square
from minigrad.random import Generator

GAIN = 1.4
"""Of the orthogonal initial weights."""


@dataclass(frozen=True, kw_only=True)
class UnrolledSettings(TwoAdamSettings):
    unroll: int = setting(
        5, "steps of D that G looks ahead; 0 for a plain GAN", least=0, most=100, metavar="K"
    )
    latent: int = setting(256, "length of the noise vector z", least=1, most=2**16)
    width: int = setting(128, "units of a hidden layer", least=1, most=2**14)
    depth: int = setting(2, "hidden layers", least=1, most=1_000)


class Unrolled(System):
    name, title, paper = "unrolled", "Unrolled GAN", "Metz et al. 2017"
    summary = "G descends the loss of a D that is some steps ahead, through those steps"
    presets = {"points": UnrolledSettings(batch_size=128, lr=3e-3, lr_ratio=0.3, lr_half_life=2000)}
    asks = ("truncation",)
    epochs = {"points": 16}
    data = "ring"

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: UnrolledSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: UnrolledSettings, spec: Spec) -> dict[str, nn.Module]:
        hidden, (size,) = [settings.width] * settings.depth, spec.shape
        networks: dict[str, nn.Module] = {
            "generator": mlp((settings.latent, *hidden, size), nn.Tanh),
            "discriminator": mlp((size, *hidden, 1), nn.Tanh),
        }
        for network in networks.values():
            for layer in network.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.orthogonal_(layer.weight, GAIN)
        return networks

    def step(self, trainer: Trainer) -> None:
        real = trainer.batch().real
        trainer.update(self.update_generator, real, self.corrections(), trainer.rng)
        trainer.update(self.update_discriminator, real, trainer.rng)

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One step of D from where it is: -f at the present D."""
        with no_grad():
            fake = self.generator(self.noise(len(real), self.settings.latent, rng))
        on_real, on_fake = self.discriminator(real), self.discriminator(fake)
        loss = binary_cross_entropy(on_real, on_fake)
        norm, _ = descend(loss, self.optimizer_d)
        return {"loss_d": loss, **probabilities(on_real, on_fake), "grad_norm_d": norm}

    @update("generator", reports=("loss_g", "grad_norm_g"))
    def update_generator(self, real: Tensor, corrections: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One step of G down f_K, whose gradient also flows through D's K steps."""
        fake = self.generator(self.noise(len(real), self.settings.latent, rng))
        loss = self.loss_ahead(real, fake, corrections)
        norm, _ = descend(loss, self.optimizer_g)
        return {"loss_g": loss, "grad_norm_g": norm}

    def loss_ahead(self, real: Tensor, fake: Tensor, corrections: Tensor) -> Tensor:
        """f_K, the loss of G."""
        ahead = self.ahead(real, fake, corrections)
        on_real, on_fake = (functional_call(self.discriminator, ahead, x) for x in (real, fake))
        return -binary_cross_entropy(on_real, on_fake)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.discriminator(samples)

    def loss_of_samples(self, fake: Tensor, real: Tensor) -> Tensor:
        return self.loss_ahead(real, fake, self.corrections())

    def ahead(self, real: Tensor, fake: Tensor, corrections: Tensor) -> dict[str, Tensor]:
        """D's weights by name after ``unroll`` steps of Adam on one batch, as functions of ``fake``."""
        beta1, beta2, eps = *self.optimizer_d.betas, self.optimizer_d.eps
        averages = self.optimizer_d.averages
        means, squares = ([Tensor(array) for array in averages[name]] for name in ("m", "v"))
        weights: dict[str, Tensor] = dict(self.discriminator.named_parameters())
        for k in range(self.settings.unroll):
            rate, spread = corrections[k, 0], corrections[k, 1]
            on_real, on_fake = (functional_call(self.discriminator, weights, x) for x in (real, fake))
            loss = binary_cross_entropy(on_real, on_fake)
            own = grad(loss, list(weights.values()), create_graph=True)
            slopes = [mean_of_ranks(slope) for slope in own]
            means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, slopes, strict=True)]
            squares = [beta2 * v + (1 - beta2) * square(g) for v, g in zip(squares, slopes, strict=True)]
            weights = {
                name: w
                - rate * m / sqrt(v * spread + eps**2)  # eps within the root: its slope at 0 is finite
                for (name, w), m, v in zip(weights.items(), means, squares, strict=True)
            }
        return weights

    def corrections(self) -> Tensor:
        """Adam's factors of the next ``unroll`` steps, (K, 2): lr / (1 - beta1^t) and 1 / (1 - beta2^t)."""
        beta1, beta2 = self.optimizer_d.betas
        steps = self.optimizer_d.steps + 1 + np.arange(self.settings.unroll)
        factors = np.stack([self.optimizer_d.lr / (1 - beta1**steps), 1 / (1 - beta2**steps)], axis=1)
        return tensor(factors, np.float32, self.device)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.generator, self.latent(n, rng, ask.truncation)))

    def judge(self, samples: object) -> np.typing.NDArray[np.float32]:
        """D's probability that each of ``samples`` (n, d) is real: (n,)."""
        with self.evaluating():
            x = tensor(samples, np.float32, self.device)
            return sigmoid(self.discriminator(x)).numpy().reshape(len(x))
