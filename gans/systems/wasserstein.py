"""WGAN, WGAN-GP and WGAN-div: a critic estimates how far G's distribution is from the data's.

They are ``TwoPlayer`` with clipped weights or with a penalty of the critic's gradient; each limits how steep
the critic becomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gans.data.spec import Kind
from gans.objectives import (
    wasserstein,
    wasserstein_div,
    wasserstein_gp,
)
from gans.systems.settings import setting
from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_networks import convolutional, without_norm
from gans.systems.two_player_settings import (
    ON_POINTS,
    ConvolutionalSettings,
)

CRITIC_EPOCHS: dict[Kind, int] = {"image": 60, "points": 20}
"""GAN's steps of G, each with five batches for the critic."""


@dataclass(frozen=True, kw_only=True)
class ClippedSettings(ConvolutionalSettings):
    """``clip`` bounds a critic's weights."""

    objective: Literal["wasserstein"] = setting("wasserstein", "the losses")  # type: ignore[assignment]
    clip: float = setting(0.01, "bound of the critic's weights", above=0, metavar="BOUND")


@dataclass(frozen=True, kw_only=True)
class PenaltySettings(ConvolutionalSettings):
    """``penalty`` weighs the gradient penalty."""

    objective: Literal["wasserstein-gp"] = setting("wasserstein-gp", "the losses")  # type: ignore[assignment]
    penalty: float = setting(10.0, "weight of the gradient penalty", least=0, metavar="WEIGHT")


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
    epochs = CRITIC_EPOCHS
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
    epochs = {**CRITIC_EPOCHS, "points": 10}
    format_1 = {"features": 64}


@dataclass(frozen=True, kw_only=True)
class WassersteinDivSettings(ConvolutionalSettings):
    """``penalty`` is k of the paper, ``power`` is p."""

    objective: Literal["wasserstein-div"] = setting("wasserstein-div", "the losses")  # type: ignore[assignment]
    penalty: float = setting(2.0, "weight of the gradient's power", least=0, metavar="WEIGHT")
    power: float = setting(6.0, "the power of the gradient's norm", least=1, most=100)


class WGANDiv(TwoPlayer):
    name, title, paper = "wgan-div", "WGAN-div", "Wu et al. 2018"
    summary = "a power of the critic's gradient as penalty, without a Lipschitz constraint"
    objectives = {"wasserstein-div": lambda settings: wasserstein_div(settings.penalty, settings.power)}
    networks = staticmethod(without_norm)
    presets = {
        "image": WassersteinDivSettings(critic_steps=5),
        "points": WassersteinDivSettings(**ON_POINTS, critic_steps=5),
    }
    epochs = CRITIC_EPOCHS
