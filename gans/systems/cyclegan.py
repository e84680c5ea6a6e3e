"""CycleGAN: translation between two sets of images without correspondence (Zhu et al. 2017).

G translates a -> b and F translates b -> a. D_B parts real b from G(a), and D_A real a from F(b):

    adversarial   mean (D_B(G(a)) - 1)^2 + mean (D_A(F(b)) - 1)^2       least squares, section 4
    cycle         mean |F(G(a)) - a| + mean |G(F(b)) - b|               equation 2
    identity      mean |F(a) - a| + mean |G(b) - b|                     section 5.2

    G and F       adversarial + 10 cycle + 5 identity                   equation 3
    D_A, D_B      half of mean (D(real) - 1)^2 + mean D(fake)^2 each

The fakes of each discriminator come through a pool of 50 past ones. The learning rate is constant in the
first half of the training and falls in the second, here to a hundredth, so that a longer one still learns.

The paper trains images of 256 x 256 one at a time, for 200 epochs, with 64 features and nine residual blocks.
The defaults fit 28 x 28 on two cores: batches of 8, three epochs, 16 features and two blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks import patch, residual
from gans.objectives import least_squares
from gans.systems.optimizing import LinearAdamSettings, adam
from gans.systems.pool import Pool
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import (
    CYCLE_MEANINGS,
    both_directions,
    check_two_sets,
    cycles,
    judged_sets,
    one_direction,
)
from gans.updates import descend, update
from minigrad import Tensor, nn
from minigrad.ops import l1_loss, mse_loss
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class CycleGANSettings(LinearAdamSettings):
    batch_size: int = setting(8, "images of each set in an update", least=1, most=2**20)
    cycle: float = setting(10.0, "weight of the way there and back", least=0, metavar="WEIGHT")
    identity: float = setting(5.0, "weight of images that need no translation", least=0, metavar="WEIGHT")
    pool: int = setting(50, "past fakes of each set that D learns from; 0 for none", least=0, most=10_000)
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10)
    blocks: int = setting(2, "residual blocks of a generator", least=0, most=100)


class CycleGAN(System):
    name, title, paper = "cyclegan", "CycleGAN", "Zhu et al. 2017"
    summary = "translates between two sets of images without pairs; there and back is the identity"
    presets = {"domains": CycleGANSettings(lr_steps=900)}
    epochs = {"domains": 3}
    data = "thick:mnist5k"
    averaged = ("a_to_b", "b_to_a")
    asks = ("sources", "back")
    figure_meanings = CYCLE_MEANINGS

    a_to_b: nn.Module
    b_to_a: nn.Module
    discriminator_a: nn.Module
    discriminator_b: nn.Module

    def __init__(self, settings: CycleGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.objective = least_squares()
        self.optimizer_g = adam(settings, self.a_to_b, self.b_to_a)
        judges = self.discriminator_a, self.discriminator_b
        self.optimizer_d = adam(settings, *judges, times=settings.lr_ratio)
        self.pool_a = Pool(settings.pool, spec.shape, device)
        self.pool_b = Pool(settings.pool, spec.shape, device)

    @staticmethod
    def networks(settings: CycleGANSettings, spec: Spec) -> dict[str, nn.Module]:
        channels, *size = spec.shape
        h, w = size
        features, blocks = settings.features, settings.blocks
        return {
            "a_to_b": residual.generator(channels, (h, w), features, blocks),
            "b_to_a": residual.generator(channels, (h, w), features, blocks),
            "discriminator_a": patch.discriminator(channels, (h, w), features, nn.InstanceNorm2d),
            "discriminator_b": patch.discriminator(channels, (h, w), features, nn.InstanceNorm2d),
        }

    def step(self, trainer: Trainer) -> None:
        b, _, a = trainer.batch()
        fake_a, fake_b = trainer.update(self.update_generators, a, b)
        past_a, past_b = self.pool_a(fake_a, trainer.host_rng), self.pool_b(fake_b, trainer.host_rng)
        trainer.update(self.update_discriminators, a, b, past_a, past_b)

    @update("generators", reports=("loss_g", "adversarial", "cycle", "identity", "grad_norm_g"))
    def update_generators(self, a: Tensor, b: Tensor) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """One update of G and F; returns their fakes of a and of b."""
        fake_a, fake_b = self.b_to_a(b), self.a_to_b(a)
        on_a, on_b = self.discriminator_a(fake_a), self.discriminator_b(fake_b)
        adversarial = mse_loss(on_a, 1.0) + mse_loss(on_b, 1.0)
        cycle = l1_loss(self.b_to_a(fake_b), a) + l1_loss(self.a_to_b(fake_a), b)
        identity = l1_loss(self.b_to_a(a), a) + l1_loss(self.a_to_b(b), b)
        loss = adversarial + self.settings.cycle * cycle + self.settings.identity * identity
        descent = descend(loss, self.optimizer_g)
        numbers = {"loss_g": loss, "adversarial": adversarial, "cycle": cycle, "identity": identity}
        return {**numbers, "grad_norm_g": descent.norm}, (fake_a.detach(), fake_b.detach())

    @update("discriminators", reports=("loss_d", "loss_d_a", "loss_d_b", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminators(
        self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor
    ) -> dict[str, Tensor]:
        """One update of D_A and D_B, each on real images and fakes of its own set."""
        judges = self.discriminator_a, self.discriminator_b
        numbers = judged_sets(self.objective.discriminator, judges, (a, b), (fake_a, fake_b))
        return {**numbers, "grad_norm_d": descend(numbers["loss_d"], self.optimizer_d).norm}

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources as images of the other set."""
        return one_direction(n, ask, self.to_b, self.to_a, self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Both directions."""
        return both_directions(n, ask, self.to_b, self.to_a, self.name)

    def to_b(self, a: Any) -> NDArray[np.float32]:
        return in_batches(self.a_to_b, a, device=self.device)

    def to_a(self, b: Any) -> NDArray[np.float32]:
        return in_batches(self.b_to_a, b, device=self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return cycles(data, self.to_b, self.to_a)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_two_sets(spec, cls.name)
