"""SNGAN, DRAGAN and GAN with R1: ``TwoPlayer`` with a limit on how steep D becomes.

SNGAN limits each layer of D; the others add a penalty of D's gradient to its loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gans.data.spec import Spec
from gans.objectives import (
    Objective,
    dragan_penalty,
    hinge,
    minimax,
    non_saturating_gan,
    r1_penalty,
    r2_penalty,
)
from gans.objectives.objective import Network, Penalty
from gans.systems.settings import setting
from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_networks import without_norm
from gans.systems.two_player_settings import (
    EPOCHS,
    MEASURED,
    ON_POINTS,
    ConvolutionalClassifierSettings,
    ConvolutionalSettings,
)
from minigrad import Tensor, nn
from minigrad.nn.utils import spectral_norm
from minigrad.random import Generator


def spectral(settings: ConvolutionalSettings, spec: Spec) -> dict[str, nn.Module]:
    """DCGAN's networks with spectral norm in place of batch norm in each layer of D."""
    networks = without_norm(settings, spec)
    for layer in list(networks["discriminator"].modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_norm(layer)
    return networks


@dataclass(frozen=True, kw_only=True)
class HingeSettings(ConvolutionalSettings):
    """Those of DCGAN, with the hinge."""

    objective: Literal["hinge"] = setting("hinge", "the losses")  # type: ignore[assignment]


class SNGAN(TwoPlayer):
    name, title, paper = "sngan", "SNGAN", "Miyato et al. 2018"
    summary = "spectral norm holds each layer of D at slope 1; hinge losses"
    objectives = {"hinge": lambda settings: hinge()}
    networks = staticmethod(spectral)
    presets = {"image": HingeSettings(**MEASURED), "points": HingeSettings(**ON_POINTS, critic_steps=5)}
    epochs = EPOCHS


@dataclass(frozen=True, kw_only=True)
class DraganSettings(ConvolutionalClassifierSettings):
    """``penalty`` weighs the gradient penalty near the data, within ``spread``."""

    penalty: float = setting(10.0, "weight of the gradient penalty", least=0, metavar="WEIGHT")
    spread: float = setting(
        0.5, "how far around real samples, in standard deviations of the batch", least=0, metavar="STDS"
    )


def _dragan(objective: Objective, settings: DraganSettings) -> Objective:
    return replace(objective, penalty=dragan_penalty(settings.penalty, settings.spread))


class DRAGAN(TwoPlayer):
    name, title, paper = "dragan", "DRAGAN", "Kodali et al. 2017"
    summary = "GAN with a penalty that holds D's gradient at norm 1 around the data"
    objectives = {
        "non-saturating": lambda settings: _dragan(non_saturating_gan(), settings),
        "minimax": lambda settings: _dragan(minimax(), settings),
    }
    networks = staticmethod(without_norm)
    presets = {"image": DraganSettings(**MEASURED), "points": DraganSettings(**ON_POINTS, penalty=0.1)}
    epochs = EPOCHS


@dataclass(frozen=True, kw_only=True)
class ZeroCentredSettings(ConvolutionalClassifierSettings):
    """The weights gamma of the two penalties; with both at 0 the system is a GAN without batch norm in D."""

    r1: float = setting(10.0, "weight of D's squared gradient at real samples", least=0, metavar="WEIGHT")
    r2: float = setting(0.0, "weight of D's squared gradient at fakes", least=0, metavar="WEIGHT")


def _zero_centred(objective: Objective, settings: ZeroCentredSettings) -> Objective:
    weighed = ((r1_penalty, settings.r1), (r2_penalty, settings.r2))
    penalties = [penalty(weight) for penalty, weight in weighed if weight]
    return replace(objective, penalty=_sum_of(penalties)) if penalties else objective


def _sum_of(penalties: Sequence[Penalty]) -> Penalty:
    first, *others = penalties

    def penalty(D: Network, real: Tensor, fake: Tensor, rng: Generator) -> Tensor:
        total = first(D, real, fake, rng)
        for other in others:
            total = total + other(D, real, fake, rng)
        return total

    return penalty


class R1GAN(TwoPlayer):
    name, title, paper = "r1", "GAN with R1", "Mescheder et al. 2018"
    summary = "GAN with a penalty of D's gradient on real samples, or on fakes, so that it converges"
    objectives = {
        "non-saturating": lambda settings: _zero_centred(non_saturating_gan(), settings),
        "minimax": lambda settings: _zero_centred(minimax(), settings),
    }
    networks = staticmethod(without_norm)
    presets = {"image": ZeroCentredSettings(**MEASURED), "points": ZeroCentredSettings(**ON_POINTS, r1=0.1)}
    epochs = EPOCHS
