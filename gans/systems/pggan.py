"""PGGAN: G and D grow while they are trained, from a few pixels to the whole image (Karras et al. 2018).

Level 0 makes the smallest images; each further level doubles the sides. A new level is faded in: with alpha
from 0 to 1, image = (1 - alpha) old + alpha new, where old is the image of the level below with its pixels
repeated; D takes its input, and real images are shown, in the same mixture (figure 2).

    loss of D = mean D(G(z)) - mean D(x) + penalty mean (|grad D| - 1)^2 + drift mean D(x)^2
    loss of G = -mean D(G(z))

D's gradient is taken at random points between real and generated images; their shares have nothing to do
with alpha. The rest of the paper is here as well: pixel norm in G and on z (4.2), equalised learning rates
(4.1), the standard deviation of the minibatch as a feature of D (3), an average of G's weights (A.1), and one
update of D for one of G.

All levels exist from the first step. The level and alpha are functions of the step alone, and each level has
optimizers of its own, so that a level that is not reached has neither changed nor counted a step.

Published: 512 features down to 16 at 1024 pixels, z of 512, 800,000 images for each fade and as many after
it, an average of decay 0.999. The sizes here are for digits on two cores.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics.meaning import Meaning
from gans.metrics.pyramid import pyramid_wasserstein
from gans.networks.dcgan import sizes_of
from gans.networks.growing import GrowingDiscriminator, GrowingGenerator, at_level
from gans.objectives import critic, critic_generator, gradient_penalty
from gans.systems.optimizing import adam
from gans.systems.pggan_settings import PGGANSettings
from gans.systems.progress import Progress
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import mean, square
from minigrad.random import Generator


class PGGAN(System):
    name, title, paper = "pggan", "PGGAN", "Karras et al. 2018"
    summary = "G and D grow from a few pixels to the whole image; a new level is faded in"
    presets = {"image": PGGANSettings(lr=1e-3, beta1=0.0, beta2=0.99)}
    epochs = {"image": 12}
    judges_by_probability = False
    figure_meanings = {
        "swd": Meaning(
            "sliced Wasserstein distance of patches at each scale, from training images", "lower", "measured"
        ),
    }
    generator: GrowingGenerator
    discriminator: GrowingDiscriminator

    def __init__(self, settings: PGGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.sizes = sizes_of(spec.shape)[::-1]
        self.progress = Progress(device)
        for who, network in (("g", self.generator), ("d", self.discriminator)):
            for kind, modules in (("", network.blocks), ("_image", network.images)):
                for level, module in enumerate(modules):
                    setattr(self, f"optimizer_{who}{kind}_{level}", adam(settings, module))

    @classmethod
    def check_data(cls, settings: PGGANSettings, spec: Spec) -> None:
        super().check_data(settings, spec)
        if not 8 <= min(spec.shape[1:]) <= max(spec.shape[1:]) <= 64:
            h, w = spec.shape[1:]
            needs = f"{settings.model} needs sides of 8 to 64 pixels; crop, pad or scale them"
            raise UserError(f"images of {h} x {w} pixels: {needs}")

    @staticmethod
    def networks(settings: PGGANSettings, spec: Spec) -> dict[str, nn.Module]:
        sizes = sizes_of(spec.shape)[::-1]
        maps = [settings.features * 2**k for k in reversed(range(len(sizes)))]
        return {
            "generator": GrowingGenerator(settings.latent, sizes, maps, spec.shape[0]),
            "discriminator": GrowingDiscriminator(sizes, maps, spec.shape[0]),
        }

    def growth(self, step: int) -> tuple[int, float]:
        """The level of the step after ``step`` of them, and alpha, which is below 1 while it is faded in."""
        level, alpha = self.settings.growth(step, len(self.sizes))
        return level, alpha

    def used(self, who: str, level: int, fading: bool) -> list[Any]:
        """The optimizers of what an image of ``level`` passes."""
        names = [f"{k}" for k in range(level + 1)] + [f"image_{k}" for k in range(level - fading, level + 1)]
        return [getattr(self, f"optimizer_{who}_{name}") for name in names]

    def step(self, trainer: Trainer) -> None:
        level, share = self.growth(trainer.step)
        alpha, fading = tensor(share, np.float32, self.device), share < 1
        trainer.update(self.update_discriminator, trainer.batch().real, level, fading, alpha, trainer.rng)
        trainer.update(self.update_generator, level, fading, alpha, trainer.rng)

    @update("discriminator", reports=("loss_d", "wasserstein", "penalty", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, level: int, fading: bool, alpha: Tensor, rng: Generator
    ) -> dict[str, Tensor]:
        """One update of D on ``real`` (n, c, h, w), in the size of ``level``, and on as many fakes."""
        fade = alpha if fading else None
        D = partial(self.discriminator, level=level, fade=fade)
        with no_grad():
            fake = self.generator(self.noise(len(real), self.settings.latent, rng), level, fade)
            real = at_level(real, self.sizes, level, fade)
        on_real, on_fake = D(real), D(fake)
        estimate = -critic(on_real, on_fake)
        penalty = gradient_penalty(self.settings.penalty)(D, real, fake, rng)
        loss = penalty - estimate + self.settings.drift * mean(square(on_real))
        descent = descend(loss, *self.used("d", level, fading))
        return {
            "loss_d": loss,
            "wasserstein": estimate,
            "penalty": penalty,
            "d_real": mean(on_real.detach()),
            "d_fake": mean(on_fake.detach()),
            "grad_norm_d": descent.norm,
        }

    @update("generator", reports=("loss_g", "grad_norm_g", "level"))
    def update_generator(self, level: int, fading: bool, alpha: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G; it counts the steps, by which samples have their level."""
        fade = alpha if fading else None
        fake = self.generator(self.noise(self.batch_size, self.settings.latent, rng), level, fade)
        loss = critic_generator(self.discriminator(fake, level, fade))
        descent = descend(loss, *self.used("g", level, fading))
        self.progress.count(where=descent.finite)
        return {"loss_g": loss, "grad_norm_g": descent.norm, "level": level - 1 + alpha}

    def grown(self) -> tuple[int, Tensor | None]:
        """The level of samples, and alpha while it is faded in."""
        level, share = self.growth(self.progress.last)
        return level, tensor(share, np.float32, self.device) if share < 1 else None

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.generator.whole(z, *self.grown())

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        level, fade = self.grown()
        return self.discriminator(at_level(samples, self.sizes, level, fade), level, fade)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.from_latent, self.noise(n, self.settings.latent, rng)))

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        real = data.test(slice(0, 1_000))
        others = data.train(slice(0, len(real)))
        made = self.make(len(real), rng, Ask()).samples
        return {
            "measured": len(real),
            "swd": pyramid_wasserstein(made, others),
            "swd_floor": pyramid_wasserstein(real, others),
        }
