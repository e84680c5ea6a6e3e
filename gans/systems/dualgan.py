"""DualGAN: translation between two sets with Wasserstein critics (Yi et al. 2017).

G_A translates u -> v and G_B translates v -> u, each with noise. The critic D_A scores images of v, and D_B
those of u:

    D_A   mean D_A(G_A(u)) - mean D_A(v)                                                     (equation 1)
    D_B   mean D_B(G_B(v)) - mean D_B(u)                                                     (equation 2)
    G's   l |u - G_B(G_A(u))| + l |v - G_A(G_B(v))| - mean D_A(G_A(u)) - mean D_B(G_B(v))    (equation 3)

CycleGAN, of the same year, does the same with least squares, a pool of past fakes and an identity loss. Here
critics with clipped weights take ``critic_steps`` steps for each step of the G's: minus their loss estimates
a distance, which falls, where CycleGAN's D's are at a balance. Dropout is the noise, in samples too.

Nothing in equation 3 says that a digit stays a digit: halos around the strokes close the cycle as well. So by
default each G also leaves images of the set that it translates to as they are, as in CycleGAN. The paper has
no such term, w (|v - G_A(v)| + |u - G_B(u)|).

The paper's G is a U-Net of eight levels; it has 70 x 70 patches, batches of 1 to 4, RMSprop at 5e-5, clipping
in [0.01, 0.1], l in [100, 1,000], and 2 to 4 critic steps. The defaults fit 28 x 28 on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gans.data.spec import Spec
from gans.networks import patch
from gans.networks.dcgan import initialised
from gans.networks.unet import UNet
from gans.objectives import clip_weights, critic
from gans.systems.optimizing import HalvingSettings, TwoRateSettings, rmsprop
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import (
    CYCLE_MEANINGS,
    Translation,
    both_directions,
    check_two_sets,
    cycles,
    judged_sets,
    one_direction,
)
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import l1_loss, mean
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class DualGANSettings(HalvingSettings, TwoRateSettings):
    batch_size: int = setting(8, "images of each set in an update", least=1, most=2**20)
    critic_steps: int = setting(
        2, "updates of the critics for each of the G's", least=1, most=1000, metavar="K"
    )
    clip: float = setting(0.05, "bound of the critics' weights", above=0, metavar="BOUND")
    cycle: float = setting(100.0, "weight of the way there and back", least=0, metavar="WEIGHT")
    identity: float = setting(0.0, "weight of images that need no translation", least=0, metavar="WEIGHT")
    dropout: float = setting(0.5, "share of features that the G's drop: their noise", least=0, below=1)
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10)


class DualGAN(System):
    name, title, paper = "dualgan", "DualGAN", "Yi et al. 2017"
    summary = "translates between two sets as CycleGAN does, with Wasserstein critics"
    presets = {"domains": DualGANSettings(lr=2e-4, identity=3.0)}
    epochs = {"domains": 12}
    data = "thick:mnist5k"
    averaged = ("a_to_b", "b_to_a")
    asks = ("sources", "back")
    judges_by_probability = False
    figure_meanings = CYCLE_MEANINGS

    a_to_b: UNet
    b_to_a: UNet
    critic_a: nn.Module
    critic_b: nn.Module

    def __init__(self, settings: DualGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = rmsprop(settings, self.a_to_b, self.b_to_a)
        self.optimizer_d = rmsprop(settings, self.critic_a, self.critic_b, times=settings.lr_ratio)
        self.constrain = clip_weights(settings.clip)

    @staticmethod
    def networks(settings: DualGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """The G's are called with images and a generator of noise."""
        channels, h, w = spec.shape
        size, features = (h, w), settings.features
        return {
            "a_to_b": initialised(UNet(channels, channels, size, features, settings.dropout)),
            "b_to_a": initialised(UNet(channels, channels, size, features, settings.dropout)),
            "critic_a": patch.discriminator(channels, size, features, nn.InstanceNorm2d),
            "critic_b": patch.discriminator(channels, size, features, nn.InstanceNorm2d),
        }

    @classmethod
    def batches_in_a_step(cls, settings: DualGANSettings) -> int:
        return settings.critic_steps

    def step(self, trainer: Trainer) -> None:
        for _ in range(self.settings.critic_steps):
            b, _, a = trainer.batch()
            trainer.update(self.update_critics, a, b, trainer.rng)
        trainer.update(self.update_generators, a, b, trainer.rng)

    @update("critics", reports=("loss_d", "loss_d_a", "loss_d_b", "d_real", "d_fake", "grad_norm_d"))
    def update_critics(self, a: Tensor, b: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of both critics, each on real images and fakes of its own set."""
        with no_grad():
            fakes = self.b_to_a(b, rng), self.a_to_b(a, rng)
        numbers = judged_sets(critic, (self.critic_a, self.critic_b), (a, b), fakes)
        norm, _ = descend(numbers["loss_d"], self.optimizer_d)
        self.constrain(self.critic_a)
        self.constrain(self.critic_b)
        return {**numbers, "grad_norm_d": norm}

    @update("generators", reports=("loss_g", "adversarial", "cycle", "identity", "grad_norm_g"))
    def update_generators(self, a: Tensor, b: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of both G's: their fakes have high scores, and the way there and back is short."""
        fake_a, fake_b = self.b_to_a(b, rng), self.a_to_b(a, rng)
        adversarial = -mean(self.critic_a(fake_a)) - mean(self.critic_b(fake_b))
        cycle = l1_loss(self.b_to_a(fake_b, rng), a) + l1_loss(self.a_to_b(fake_a, rng), b)
        loss = adversarial + self.settings.cycle * cycle
        numbers = {"adversarial": adversarial, "cycle": cycle}
        if self.settings.identity:
            numbers["identity"] = l1_loss(self.b_to_a(a, rng), a) + l1_loss(self.a_to_b(b, rng), b)
            loss = loss + self.settings.identity * numbers["identity"]
        return {"loss_g": loss, **numbers, "grad_norm_g": descend(loss, self.optimizer_g).norm}

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources as images of the other set."""
        return one_direction(n, ask, *self.directions(rng), self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Both directions."""
        return both_directions(n, ask, *self.directions(rng), self.name)

    def directions(self, rng: Generator) -> tuple[Translation, Translation]:
        """Functions from images of a to those of b, and from b to a, with noise from ``rng``."""

        def direction(network: UNet) -> Translation:
            return lambda images: in_batches(lambda x: network(x, rng), images, device=self.device)

        return direction(self.a_to_b), direction(self.b_to_a)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return cycles(data, *self.directions(rng))

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_two_sets(spec, cls.name)
