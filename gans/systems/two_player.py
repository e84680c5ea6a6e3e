"""GANs of two players: updates of D, then of G (Goodfellow et al. 2014, algorithm 1).

The systems made of it are in ``gan``, ``wasserstein``, ``other_losses``, ``regularised`` and ``pacgan``: each
is a class that holds data, an objective, networks and settings. No code of the step reads a model's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks.noise import DrawingFrom
from gans.objectives import Objective, critic, minimax, non_saturating_gan
from gans.steps import discriminator_step, generator_loss, generator_step, judged, loss_of_fakes
from gans.systems.optimizing import optimizer
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.tricks import (
    by_larger_loss,
    instance_noise,
    shown,
    taught,
    with_noisy_layers,
    without_dropout,
)
from gans.systems.two_player_networks import check_size
from gans.systems.two_player_settings import TwoPlayerSettings
from gans.updates import must_be_finite, update
from gans.wholes import mean_of_ranks
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.random import Generator


class TwoPlayer(System):
    """G and D, an optimizer each, and an objective."""

    asks = ("truncation",)
    objectives: ClassVar[Mapping[str, Callable[[Any], Objective]]] = {
        "non-saturating": lambda settings: non_saturating_gan(),
        "minimax": lambda settings: minimax(),
    }
    """The objectives that the system can take, by name, as functions of its settings."""

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: TwoPlayerSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.prior = settings.prior
        self.objective = self.objectives[settings.objective](settings)
        self.real_for_g = settings.joint_batches or self.objective.needs_real
        for_d = settings.optimizer if settings.optimizer_d == "same" else settings.optimizer_d
        self.optimizer_g = optimizer(settings.optimizer, settings, self.generator)
        self.optimizer_d = optimizer(for_d, settings, self.discriminator, times=settings.lr_ratio)

    def _made(self, settings: Any, spec: Spec) -> dict[str, nn.Module]:
        return with_noisy_layers(super()._made(settings, spec), settings)

    @classmethod
    def batches_in_a_step(cls, settings: TwoPlayerSettings) -> int:
        real_for_g = settings.joint_batches or cls.objectives[settings.objective](settings).needs_real
        return settings.critic_steps + (settings.generator_steps if real_for_g else 0)

    def step(self, trainer: Trainer) -> None:
        settings, rng = self.settings, trainer.rng
        std = instance_noise(settings, trainer.step)
        noise = [tensor(std, np.float32, self.device)] if std else []
        real, turn = trainer.batch().real, "both"
        with DrawingFrom(rng):
            if by_larger_loss(settings):
                loss_d, loss_g = trainer.update(self.compare, real, rng, *noise)
                turn = "generator" if loss_d.item() < loss_g.item() else "discriminator"
            for k in range(settings.critic_steps if turn != "generator" else 0):
                real = trainer.batch().real if k else real
                trainer.update(self.update_discriminator, real, rng, *noise)
            for _ in range(settings.generator_steps if turn != "discriminator" else 0):
                given = [trainer.batch().real] if self.real_for_g else [None] * len(noise)
                trainer.update(self.update_generator, rng, *given, *noise)

    @update("discriminator", reports=("loss_d", "wasserstein", "penalty", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, rng: Generator, noise: Tensor | None = None
    ) -> dict[str, Tensor]:
        """One update of D on ``real`` (n, ...) and new fakes; ``noise`` is instance noise's deviation."""
        G, real = shown(self.generator, real, noise, rng)
        objective, z = taught(self.objective, self.settings, rng), self.latent(len(real), rng)
        joint = self.settings.joint_batches
        loss, norm, on_real, on_fake, penalty = discriminator_step(
            G, self.discriminator, self.optimizer_d, objective, real, z, rng, joint=joint
        )
        assert on_real is not None
        numbers = {"loss_d": loss, "d_real": on_real, "d_fake": on_fake, "grad_norm_d": norm}
        if penalty is not None:
            if self.objective.discriminator is critic:
                numbers["wasserstein"] = penalty - loss
            numbers["penalty"] = penalty
        return numbers

    @update("generator", reports=("loss_g", "grad_norm_g"))
    def update_generator(
        self, rng: Generator, real: Tensor | None = None, noise: Tensor | None = None
    ) -> dict[str, Tensor]:
        """One update of G: its gradient flows through D and stops at G's weights.

        ``real`` is a batch for an objective that needs it, and for joint batches.
        """
        G, real = shown(self.generator, real, noise, rng)
        z, joint = self.latent(self.batch_size, rng), self.settings.joint_batches
        loss, norm, *_ = generator_step(
            G, self.discriminator, self.optimizer_g, self.objective, z, real, joint=joint
        )
        return {"loss_g": loss, "grad_norm_g": norm}

    @update("comparison", reports=("loss_d", "loss_g"))
    def compare(
        self, real: Tensor, rng: Generator, noise: Tensor | None = None
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """Both losses before any update, without D's penalty."""
        G, real = shown(self.generator, real, noise, rng)
        with no_grad():
            objective, fake = taught(self.objective, self.settings, rng), G(self.latent(len(real), rng))
            on_real, on_fake = judged(self.discriminator, real, fake, joint=self.settings.joint_batches)
            losses = objective.discriminator(on_real, on_fake), generator_loss(objective, on_fake, on_real)
            losses = mean_of_ranks(losses[0]), mean_of_ranks(losses[1])  # all ranks take the same turn
        must_be_finite("D's loss is {}, G's {}", *losses)
        return dict(zip(("loss_d", "loss_g"), losses, strict=True)), losses

    def generate(self, z: Tensor) -> NDArray[np.float32]:
        """Samples (n, ...) float32 from z (n, latent), with G in evaluation mode."""
        with self.evaluating():
            return in_batches(self.generator, z)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        with DrawingFrom(rng):
            return Made(in_batches(self.generator, self.latent(n, rng, ask.truncation)))

    def exported(self) -> nn.Module | None:
        """G, unless its samples have dropout as a noise beside z."""
        return None if self.settings.test_dropout else without_dropout(self.generator)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor | None:
        return self.discriminator(samples)

    def loss_of_samples(self, fake: Tensor, real: Tensor) -> Tensor:
        joint = self.settings.joint_batches
        return loss_of_fakes(self.discriminator, self.objective, fake, real, joint=joint)[0]

    def judge(self, samples: Any) -> NDArray[np.float32] | None:
        """D's readout of ``samples`` (n, ...), with D in evaluation mode: (n,) probabilities or scores."""
        with self.evaluating():
            x = tensor(samples, np.float32, self.device)
            return self.objective.readout(self.discriminator(x)).numpy().reshape(len(x))

    @classmethod
    def check_data(cls, settings: TwoPlayerSettings, spec: Spec) -> None:
        """Refuse what does not fit, and networks that are too large for almost any memory."""
        super().check_data(settings, spec)
        check_size(settings, spec)
