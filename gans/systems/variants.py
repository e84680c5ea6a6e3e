"""Variants of GAN that are rows of ``two_player``: another objective, other networks, a few settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Kind, Spec
from gans.errors import UserError
from gans.objectives import (
    Objective,
    dragan_penalty,
    f_divergence,
    hinge,
    least_squares,
    minimax,
    non_saturating_gan,
    r1_penalty,
    r2_penalty,
    relativistic,
    relativistic_average,
    wasserstein_div,
)
from gans.objectives.objective import Network, Penalty
from gans.systems.settings import setting
from gans.systems.two_player import (
    MEASURED,
    ON_POINTS,
    TWO_LOSSES,
    TwoPlayer,
    convolutional,
    without_norm,
)
from gans.systems.two_player_settings import (
    ComparableSettings,
    ConvolutionalClassifierSettings,
    ConvolutionalSettings,
)
from minigrad import Tensor, nn
from minigrad.nn.utils import spectral_norm
from minigrad.random import Generator

EPOCHS: dict[Kind, int] = {"image": 27, "points": 20}
"""Those of DCGAN and GAN."""


@dataclass(frozen=True, kw_only=True)
class LeastSquaresSettings(ConvolutionalClassifierSettings):
    """The targets are a, b and c of the paper; labels from 0 to 1 are scores from a to b."""

    objective: Literal["least-squares"] = setting("least-squares", "the losses")  # type: ignore[assignment]
    target_fake: float = setting(0.0, "a, the score that D should give to fakes")
    target_real: float = setting(1.0, "b, the score that D should give to real samples")
    target_g: float = setting(1.0, "c, the score that G's samples should get")


class LSGAN(TwoPlayer):
    name, title, paper = "lsgan", "LSGAN", "Mao et al. 2017"
    summary = "squares around targets, whose gradient does not saturate"
    objectives = {
        "least-squares": lambda settings: least_squares(
            settings.target_fake, settings.target_real, settings.target_g
        )
    }
    networks = staticmethod(convolutional)
    presets = {"image": LeastSquaresSettings(**MEASURED), "points": LeastSquaresSettings(**ON_POINTS)}
    epochs = EPOCHS


@dataclass(frozen=True, kw_only=True)
class DivergenceSettings(ConvolutionalSettings):
    """The objective minimax lowers the bound itself; non-saturating is the trick of section 3.2."""

    divergence: Literal["kl", "reverse-kl", "pearson", "squared-hellinger", "jensen-shannon", "gan"] = (
        setting("jensen-shannon", "the divergence that D estimates and G lowers")
    )


class FGAN(TwoPlayer):
    name, title, paper = "f-gan", "f-GAN", "Nowozin et al. 2016"
    summary = "D estimates an f-divergence by its variational bound, and G lowers it"
    objectives = {
        "non-saturating": lambda settings: f_divergence(settings.divergence, saturating=False),
        "minimax": lambda settings: f_divergence(settings.divergence),
    }
    networks = staticmethod(convolutional)
    presets = {
        "image": DivergenceSettings(**MEASURED),
        "points": DivergenceSettings(**ON_POINTS, objective="minimax"),
    }
    epochs = EPOCHS


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
class RelativisticSettings(ComparableSettings, ConvolutionalSettings):
    """A real sample is compared with the average fake, or with one fake."""

    objective: Literal["relativistic-average", "relativistic"] = setting(  # type: ignore[assignment]
        "relativistic-average", "against the mean score of the others, or against one sample"
    )


class Relativistic(TwoPlayer):
    name, title, paper = "relativistic", "Relativistic GAN", "Jolicoeur-Martineau 2018"
    summary = "D says how much more real a sample is than those of the other kind"
    objectives = {
        "relativistic-average": lambda settings: relativistic_average(),
        "relativistic": lambda settings: relativistic(),
    }
    networks = staticmethod(convolutional)
    presets = {"image": RelativisticSettings(**MEASURED), "points": RelativisticSettings(**ON_POINTS)}
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


@dataclass(frozen=True, kw_only=True)
class PackSettings(ConvolutionalClassifierSettings):
    """``pack`` samples make one input of D. Own networks of D begin with ``gans.networks.packs.Pack``."""

    pack: int = setting(2, "samples that D judges at once", least=1, most=64)


def packed(settings: PackSettings, spec: Spec) -> dict[str, nn.Module]:
    """DCGAN's networks, of which only D's first layer is wider."""
    return convolutional(settings, spec, pack=settings.pack)


class PacGAN(TwoPlayer):
    name, title, paper = "pacgan", "PacGAN", "Lin et al. 2018"
    summary = "D judges several samples at once, so that it sees missing variety"
    objectives = TWO_LOSSES
    networks = staticmethod(packed)
    presets = {"image": PackSettings(**MEASURED), "points": PackSettings(**ON_POINTS)}
    epochs = EPOCHS

    @classmethod
    def check_data(cls, settings: PackSettings, spec: Spec) -> None:  # type: ignore[override]
        super().check_data(settings, spec)
        size, pack = settings.batch_size, settings.pack
        if size % pack:
            raise UserError(
                f"`batch_size` {size} is no multiple of `pack` {pack}: D judges packs of {pack} samples"
            )

    def judge(self, samples: Any) -> NDArray[np.float32] | None:
        """None where D judges packs: a sample by itself has no readout."""
        return super().judge(samples) if self.settings.pack == 1 else None
