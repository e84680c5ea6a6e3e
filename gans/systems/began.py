"""BEGAN: D is an auto-encoder, and a control loop balances it against G (Berthelot et al. 2017).

L(x) is the mean absolute error of D(x) as a copy of x. D learns to copy real images and to fail on
generated ones, G to make images that D copies well (section 3.4):

    L_D = L(x) - k_t L(G(z_D)),   L_G = L(G(z_G)),   k_{t+1} = k_t + rate_k (gamma L(x) - L(G(z_D)))

with k in [0, 1] and k_0 = 0. Proportional control of k holds L(G(z)) near gamma L(x): a lower gamma gives
better images of less variety. The measure of convergence is M = L(x) + |gamma L(x) - L(G(z_D))|.

The paper has convolutions of 3 x 3 with ELU, gamma 0.3 to 0.7, rate_k 0.001, batches of 16 and a rate of 1e-4
for some 100,000 steps on faces. Here G and D are fully connected: on digits, short trainings of convolutional
ones drew one stroke again and again. A larger rate and rate_k make up for the shorter training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.networks.mlp import leaky, mlp
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import State, descend, update
from gans.wholes import mean_of_ranks
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import abs, clip, mean
from minigrad.random import Generator

TESTED = 1_000
"""The number of test images over which figures are means."""


@dataclass(frozen=True, kw_only=True)
class BEGANSettings(TwoAdamSettings):
    """``gamma`` is the ratio L(G(z)) / L(x) at the balance, ``rate_k`` the gain of the control of k."""

    gamma: float = setting(0.75, "ratio of L(G(z)) to L(x) to be held", above=0, most=1, metavar="RATIO")
    rate_k: float = setting(0.01, "gain of the control of k", above=0, most=1, metavar="RATE")
    latent: int = setting(32, "length of z, and of the code within D", least=1, most=2**16)
    width: int = setting(256, "units of a hidden layer", least=1, most=2**14)


class BEGAN(System):
    name, title, paper = "began", "BEGAN", "Berthelot et al. 2017"
    summary = "D is an auto-encoder; a control loop keeps G's error at a share of the real one"
    presets = {"image": BEGANSettings(lr=1e-3, lr_half_life=1300)}
    asks = ("truncation",)
    epochs = {"image": 50}
    prior = "uniform"
    judges_by_probability = False
    figure_meanings = {
        "measure": Meaning(
            "M of test images and samples: L(x) + |gamma L(x) - L(G(z))|", "lower", "measured"
        ),
        "ratio": Meaning("L(G(z)) / L(x), of samples and test images; gamma at the balance", over="measured"),
    }

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: BEGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)
        self.balance = State(device, k=0.0)

    @staticmethod
    def networks(settings: BEGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G, and D of an encoder and a decoder like G; their last layers are linear."""
        latent, width, size = settings.latent, settings.width, math.prod(spec.shape)
        generator, decoder = (
            mlp((latent, width, size), leaky, [nn.Unflatten(1, spec.shape)]) for _ in range(2)
        )
        encoder = mlp((size, width, latent), leaky)
        return {
            "generator": generator,
            "discriminator": nn.Sequential(nn.Flatten(), *encoder, *decoder),
        }

    def step(self, trainer: Trainer) -> None:
        trainer.update(self.update_discriminator, trainer.batch().real, trainer.rng)
        trainer.update(self.update_generator, trainer.rng)

    @update("discriminator", reports=("loss_d", "loss_real", "loss_fake", "k", "measure", "grad_norm_d"))
    def update_discriminator(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D on ``real`` and on fakes from new noise, and of k."""
        settings, k = self.settings, self.balance.k
        with no_grad():
            fake = self.generator(self.latent(len(real), rng))
        on_real, on_fake = self.error(real), self.error(fake)
        loss = on_real - k * on_fake
        descent = descend(loss, self.optimizer_d)
        with no_grad():
            on_real, on_fake = mean_of_ranks(on_real), mean_of_ranks(on_fake)
            gap = settings.gamma * on_real - on_fake
            measure = on_real + abs(gap)
            k = clip(k + settings.rate_k * gap, 0.0, 1.0)
            self.balance.set("k", k, where=descent.finite)
        return {
            "loss_d": loss,
            "loss_real": on_real,
            "loss_fake": on_fake,
            "k": k,
            "measure": measure,
            "grad_norm_d": descent.norm,
        }

    @update("generator", reports=("loss_g", "grad_norm_g"))
    def update_generator(self, rng: Generator) -> dict[str, Tensor]:
        """One update of G: its gradient flows through D and stops at G's weights."""
        loss = self.error(self.generator(self.latent(self.batch_size, rng)))
        descent = descend(loss, self.optimizer_g)
        return {"loss_g": loss, "grad_norm_g": descent.norm}

    def error(self, x: Tensor) -> Tensor:
        """L(x), a mean over the batch; its gradient reaches x as what D sees and as what D should return."""
        return mean(self.errors(x))

    def errors(self, x: Tensor) -> Tensor:
        """The mean absolute error of D's copy of each image, (n,)."""
        return mean(abs(x - self.discriminator(x)), axis=(1, 2, 3))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.exported(), self.latent(n, rng, ask.truncation)))

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """Minus the error of D's copy of each image: it is high where D takes an image for real."""
        return -self.errors(samples)

    def exported(self) -> nn.Module:
        """G, whose last layer is linear, limited to the range of images."""
        return nn.Sequential(self.generator, nn.Hardtanh())

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """M and L(G(z)) / L(x) over test images and as many samples."""
        x = tensor(data.test(slice(0, TESTED)), device=self.device)
        z = self.latent(len(x), rng)
        on_real = float(in_batches(self.errors, x).mean())
        on_fake = float(in_batches(lambda z: self.errors(self.generator(z)), z).mean())
        measure = on_real + math.fabs(self.settings.gamma * on_real - on_fake)
        return {"measured": len(x), "measure": measure, "ratio": on_fake / on_real}
