"""GANs of two players: updates of D, then of G (Goodfellow et al. 2014, algorithm 1).

The systems at the end, and those of ``variants``, differ by their objective, their networks and their
settings only. Each is a class that holds data, and no code of the step reads a model's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.errors import UserError
from gans.networks import dcgan, mlp
from gans.networks.noise import DrawingFrom
from gans.networks.packs import judging_packs
from gans.objectives import Objective, critic, minimax, non_saturating_gan, wasserstein, wasserstein_gp
from gans.objectives.objective import Network
from gans.steps import discriminator_step, generator_loss, generator_step, judged
from gans.systems.system import Ask, Made, System, Trainer, in_batches
from gans.systems.tricks import (
    by_larger_loss,
    instance_noise,
    noisy,
    taught,
    with_noise,
    with_noisy_layers,
    without_dropout,
)
from gans.systems.two_player_settings import (
    ClassifierSettings,
    ClippedSettings,
    ConvolutionalClassifierSettings,
    ConvolutionalSettings,
    PenaltySettings,
    TwoPlayerSettings,
)
from gans.updates import must_be_finite, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import sigmoid
from minigrad.optim import SGD, Adam, Optimizer, RMSprop
from minigrad.random import Generator

MOST_WEIGHTS = 2**27
"""The most weights of a network; its gradient and each of Adam's averages take as much memory."""


class TwoPlayer(System):
    """G and D, an optimizer each, and an objective."""

    objectives: ClassVar[Mapping[str, Callable[[Any], Objective]]]
    """The objectives that the system can take, by name, as functions of its settings."""

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: TwoPlayerSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.prior = settings.prior
        self.objective = self.objectives[settings.objective](settings)
        self.real_for_g = settings.joint_batches or self.objective.needs_real
        for_d = settings.optimizer if settings.optimizer_d == "same" else settings.optimizer_d
        self.optimizer_g = _optimizer(settings.optimizer, settings, self.generator, settings.lr)
        self.optimizer_d = _optimizer(for_d, settings, self.discriminator, settings.lr * settings.lr_ratio)

    def _made(self, settings: Any, spec: Spec) -> dict[str, nn.Module]:
        return with_noisy_layers(super()._made(settings, spec), settings)

    @property
    def judges_by_probability(self) -> bool:  # type: ignore[override]
        """Whether D's readout is a probability, and not a critic's score."""
        return self.objective.readout is sigmoid

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
                shown = [trainer.batch().real] if self.real_for_g else [None] * len(noise)
                trainer.update(self.update_generator, rng, *shown, *noise)

    @update("discriminator", reports=("loss_d", "wasserstein", "penalty", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(
        self, real: Tensor, rng: Generator, noise: Tensor | None = None
    ) -> dict[str, Tensor]:
        """One update of D on ``real`` (n, ...) and on fakes from new noise.

        ``noise`` is the standard deviation of instance noise.
        """
        G, real = self.shown(real, noise, rng)
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
        G, real = self.shown(real, noise, rng)
        z, joint = self.latent(self.settings.batch_size, rng), self.settings.joint_batches
        loss, norm, *_ = generator_step(
            G, self.discriminator, self.optimizer_g, self.objective, z, real, joint=joint
        )
        return {"loss_g": loss, "grad_norm_g": norm}

    @update("comparison", reports=("loss_d", "loss_g"))
    def compare(
        self, real: Tensor, rng: Generator, noise: Tensor | None = None
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """Both losses before any update, without D's penalty."""
        G, real = self.shown(real, noise, rng)
        with no_grad():
            objective, fake = taught(self.objective, self.settings, rng), G(self.latent(len(real), rng))
            on_real, on_fake = judged(self.discriminator, real, fake, joint=self.settings.joint_batches)
            losses = objective.discriminator(on_real, on_fake), generator_loss(objective, on_fake, on_real)
        must_be_finite("D's loss is {}, G's {}", *losses)
        return dict(zip(("loss_d", "loss_g"), losses, strict=True)), losses

    def shown(self, real: Any, noise: Tensor | None, rng: Generator) -> tuple[Network, Any]:
        """G, and ``real`` if there is a batch, as D sees them: with instance noise."""
        if noise is None:
            return self.generator, real
        return with_noise(self.generator, noise, rng), None if real is None else noisy(real, noise, rng)

    def latent(self, n: int, rng: Generator) -> Tensor:
        """z (n, latent) from the prior, on the GAN's device; a Philox must be on the same device."""
        return self.noise(n, self.settings.latent, rng)

    def generate(self, z: Tensor) -> NDArray[np.float32]:
        """Samples (n, ...) float32 from z (n, latent), with G in evaluation mode."""
        with self.evaluating():
            return in_batches(self.generator, z)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        with DrawingFrom(rng):
            return Made(in_batches(self.generator, self.latent(n, rng)))

    def exported(self) -> nn.Module | None:
        """G, unless its samples have dropout as a noise beside z."""
        return None if self.settings.test_dropout else without_dropout(self.generator)

    def judge(self, samples: Any) -> NDArray[np.float32] | None:
        """D's readout of ``samples`` (n, ...), with D in evaluation mode: (n,) probabilities or scores."""
        with self.evaluating():
            x = tensor(samples, np.float32, self.device)
            return self.objective.readout(self.discriminator(x)).numpy().reshape(len(x))

    @classmethod
    def check_data(cls, settings: TwoPlayerSettings, spec: Spec) -> None:
        """Refuse what does not fit, and networks that are too large for almost any memory."""
        super().check_data(settings, spec)
        weights = _weights(settings, spec)
        if weights > MOST_WEIGHTS:
            names = ("latent", "width", "depth", "features")
            sizes = [f"`{name}` {getattr(settings, name):,}" for name in names if hasattr(settings, name)]
            raise UserError(
                f"{settings.model} with {', '.join(sizes[:-1])} and {sizes[-1]} for samples of shape "
                f"{spec.shape} may have {weights:,} weights, more than the {MOST_WEIGHTS:,} that are allowed"
            )


def _weights(settings: TwoPlayerSettings, spec: Spec) -> int:
    """The most weights that one network may have."""
    if isinstance(settings, ConvolutionalSettings) and spec.is_image:
        return dcgan.weights_of(settings.latent, spec.shape, settings.features, settings.base)
    widest = max(settings.width, 256 * 7 * 7)  # units of the layer after z
    return settings.latent * widest + settings.depth * settings.width**2 + 1024 * math.prod(spec.shape)


def _optimizer(kind: str, settings: TwoPlayerSettings, network: nn.Module, lr: float) -> Optimizer:
    if kind == "sgd":
        return SGD(network.parameters(), lr=lr, momentum=settings.momentum)
    if kind == "rmsprop":
        return RMSprop(network.parameters(), lr=lr)
    return Adam(network.parameters(), lr=lr, betas=(settings.beta1, settings.beta2))


def _toy(settings: TwoPlayerSettings, spec: Spec, pack: int = 1) -> dict[str, nn.Module]:
    size, width, depth = spec.shape[0], settings.width, settings.depth
    return {
        "generator": mlp.point_generator(settings.latent, size, width, depth),
        "discriminator": judging_packs(pack, mlp.point_discriminator(pack * size, width, depth)),
    }


def _mlp(settings: TwoPlayerSettings, spec: Spec) -> dict[str, nn.Module]:
    if not spec.is_image:
        return _toy(settings, spec)
    return {
        "generator": mlp.image_generator(settings.latent, spec.shape),
        "discriminator": mlp.image_discriminator(spec.shape),
    }


def convolutional(
    settings: ConvolutionalSettings, spec: Spec, norm: bool = True, pack: int = 1
) -> dict[str, nn.Module]:
    """DCGAN's networks, or those for points; D judges ``pack`` samples at once."""
    if not spec.is_image:
        return _toy(settings, spec, pack)
    (c, h, w), features, base = spec.shape, settings.features, settings.base
    return {
        "generator": dcgan.generator(settings.latent, spec.shape, features, base),
        "discriminator": judging_packs(pack, dcgan.discriminator((pack * c, h, w), features, norm, base)),
    }


def without_norm(settings: ConvolutionalSettings, spec: Spec) -> dict[str, nn.Module]:
    """The same, with no batch norm in D."""
    return convolutional(settings, spec, norm=False)


MEASURED: dict[str, Any] = {"features": 24, "base": 4, "lr": 8e-4, "lr_half_life": 700, "lr_floor": 0.1}
"""DCGAN's settings for images, chosen on digits that neither training nor the figures use."""

ON_POINTS: dict[str, Any] = {
    "batch_size": 256,
    "lr": 1e-3,
    "lr_ratio": 2.0,
    "lr_half_life": 3000,
    "latent": 2,
}
"""GAN's settings for points."""

TWO_LOSSES: Mapping[str, Callable[[Any], Objective]] = {
    "non-saturating": lambda settings: non_saturating_gan(),
    "minimax": lambda settings: minimax(),
}


class GAN(TwoPlayer):
    name, title, paper = "gan", "GAN", "Goodfellow et al. 2014"
    summary = "fully connected G and D; D is a classifier of real against generated"
    objectives = TWO_LOSSES
    networks = staticmethod(_mlp)
    presets = {
        "image": ClassifierSettings(),
        "points": ClassifierSettings(**ON_POINTS),
    }


class DCGAN(TwoPlayer):
    name, title, paper = "dcgan", "DCGAN", "Radford et al. 2015"
    summary = "strided and transposed convolutions with batch norm"
    objectives = TWO_LOSSES
    networks = staticmethod(convolutional)
    presets = {"image": ConvolutionalClassifierSettings(**MEASURED)}
    epochs = {"image": 27}
    format_1 = {"features": 64, "base": 7, "lr_floor": 0.0}


class WGAN(TwoPlayer):
    name, title, paper = "wgan", "WGAN", "Arjovsky et al. 2017"
    summary = "a critic with clipped weights estimates the Wasserstein distance"
    objectives = {"wasserstein": lambda settings: wasserstein(settings.clip)}
    networks = staticmethod(convolutional)
    presets = {
        "image": ClippedSettings(lr=5e-5, optimizer="rmsprop", critic_steps=5),
        "points": ClippedSettings(
            batch_size=256,
            lr=2e-5,
            lr_ratio=10.0,
            optimizer="rmsprop",
            critic_steps=10,
            latent=2,
            clip=0.1,
        ),
    }
    format_1 = {"features": 64}


class WGANGP(TwoPlayer):
    name, title, paper = "wgan-gp", "WGAN-GP", "Gulrajani et al. 2017"
    summary = "a penalty holds the critic's gradient at norm 1, by double backprop"
    objectives = {"wasserstein-gp": lambda settings: wasserstein_gp(settings.penalty)}
    networks = staticmethod(without_norm)
    presets = {
        "image": PenaltySettings(lr=1e-4, beta2=0.9, critic_steps=5),
        "points": PenaltySettings(
            batch_size=256,
            lr=5e-4,
            lr_half_life=2000,
            beta2=0.9,
            critic_steps=5,
            latent=2,
            width=512,
            depth=3,
            penalty=0.1,
        ),
    }
    format_1 = {"features": 64}
