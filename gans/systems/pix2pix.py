"""pix2pix: an image into an image, learnt from pairs (Isola et al. 2017).

G translates a -> b, and D judges the patches of b beside a. With z for the noise:

    D             half of -mean log D(a, b) - mean log(1 - D(a, G(a, z)))        equation 1, section 3.3
    G             -mean log D(a, G(a, z)) + 100 mean |b - G(a, z)|               equations 1 to 4

That is the conditional GAN of the paper's table 1; in its plain GAN, D sees b alone and cannot say whether b
belongs to a. The squares of LSGAN may replace the logarithms, as the authors' code lets them.

The L1 distance alone makes G the median of all images that fit a, which is blurred where they differ. Patches
that are blurred look generated, and D's gradient sharpens them.

G is a U-Net: stages of its encoder have connections to those of its decoder, past the bottleneck. Its only
noise is dropout, in training and in samples (section 3.2). The generator of the noise is an argument of G, so
that samples are a function of their seed.

The paper trains images of 256 x 256 one at a time for 200 epochs, with 64 features. The defaults fit 28 x 28
on two cores: batches of 16, six epochs and 24 features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics.meaning import Meaning
from gans.networks import patch
from gans.networks.dcgan import initialised
from gans.networks.unet import UNet
from gans.objectives import least_squares, non_saturating_gan
from gans.objectives.objective import Objective
from gans.steps import readouts
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import check_sides, translations
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import concatenate, l1_loss
from minigrad.random import Generator

OBJECTIVES: Mapping[str, Objective] = {
    "non-saturating": non_saturating_gan(),
    "least-squares": least_squares(),
}


@dataclass(frozen=True, kw_only=True)
class Pix2PixSettings(TwoAdamSettings):
    batch_size: int = setting(16, "pairs in an update", least=1, most=2**20)
    l1: float = setting(100.0, "weight of the L1 distance from the target", least=0, metavar="WEIGHT")
    adversarial: float = setting(1.0, "weight of D's judgement; 0 for L1 alone", least=0, metavar="WEIGHT")
    objective: Literal["non-saturating", "least-squares"] = setting("non-saturating", "the losses")
    judged: Literal["pair", "image"] = setting("pair", "what D sees: b beside a, or b alone")
    dropout: float = setting(
        0.5, "share of values dropped in the first layers of the decoder", least=0, below=1
    )
    features: int = setting(24, "channels of the layers next to the image", least=1, most=2**10)


class Pix2Pix(System):
    name, title, paper = "pix2pix", "pix2pix", "Isola et al. 2017"
    summary = "translates images, learnt from pairs: L1 and a discriminator of patches"
    presets = {"pairs": Pix2PixSettings()}
    epochs = {"pairs": 6}
    data = "edges:mnist5k"
    asks = ("sources",)
    figure_meanings = {
        "noise_effect": Meaning(
            "mean difference of two translations of a test image with other noise, pixels in [-1, 1]",
            over="test_images",
        )
    }

    generator: UNet
    discriminator: nn.Module

    def __init__(self, settings: Pix2PixSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.objective = OBJECTIVES[settings.objective]
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.discriminator, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: Pix2PixSettings, spec: Spec) -> dict[str, nn.Module]:
        """G is called with images and a generator of noise, D with what it sees joined along the channels."""
        assert spec.source is not None
        inputs, (outputs, h, w) = spec.source[0], spec.shape
        unet = UNet(inputs, outputs, (h, w), settings.features, settings.dropout)
        seen = inputs + outputs if settings.judged == "pair" else outputs
        judge = patch.discriminator(seen, (h, w), settings.features, nn.BatchNorm2d)
        return {"generator": initialised(unet), "discriminator": judge}

    def step(self, trainer: Trainer) -> None:
        b, _, a = trainer.batch()
        trainer.update(self.update_discriminator, a, b, trainer.rng)
        trainer.update(self.update_generator, a, b, trainer.rng)

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, a: Tensor, b: Tensor, rng: Generator) -> dict[str, Tensor]:
        with no_grad():
            fake = self.generator(a, rng)
        on_real, on_fake = self.on_pair(a, b), self.on_pair(a, fake)
        loss = self.objective.discriminator(on_real, on_fake) / 2
        descent = descend(loss, self.optimizer_d)
        return {
            "loss_d": loss,
            **readouts(self.objective, on_real, on_fake),
            "grad_norm_d": descent.norm,
        }

    @update("generator", reports=("loss_g", "adversarial", "l1", "grad_norm_g"))
    def update_generator(self, a: Tensor, b: Tensor, rng: Generator) -> dict[str, Tensor]:
        fake = self.generator(a, rng)
        adversarial, l1 = self.objective.generator(self.on_pair(a, fake)), l1_loss(fake, b)
        loss = self.settings.adversarial * adversarial + self.settings.l1 * l1
        descent = descend(loss, self.optimizer_g)
        return {"loss_g": loss, "adversarial": adversarial, "l1": l1, "grad_norm_g": descent.norm}

    def on_pair(self, a: Tensor, b: Tensor) -> Tensor:
        """D's logits of the patches of b, beside a or alone: (n, 1, h / 4, w / 4)."""
        return self.discriminator(concatenate([a, b], axis=1) if self.settings.judged == "pair" else b)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources translated."""
        return translations(n, ask, lambda sources: self._translated(sources, rng), self.name)

    def _translated(self, sources: Any, rng: Generator) -> NDArray[np.float32]:
        return in_batches(lambda a: self.generator(a, rng), sources, device=self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        sources, _ = data.test()
        first, second = self._translated(sources, rng), self._translated(sources, rng)
        return {"noise_effect": float(np.abs(first - second).mean())}

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        if spec.source is None or spec.source[1:] != spec.shape[1:]:
            raise UserError(
                f"pix2pix needs pairs of one height and width, got {spec.source} and {spec.shape}"
            )
        check_sides(spec, cls.name)
