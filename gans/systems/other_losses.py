"""LSGAN, f-GAN and the relativistic GAN: ``TwoPlayer`` with other losses than GAN's logarithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gans.objectives import (
    f_divergence,
    least_squares,
    relativistic,
    relativistic_average,
)
from gans.systems.settings import setting
from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_networks import convolutional
from gans.systems.two_player_settings import (
    EPOCHS,
    MEASURED,
    ON_POINTS,
    ComparableSettings,
    ConvolutionalClassifierSettings,
    ConvolutionalSettings,
)


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
    epochs = {**EPOCHS, "image": 2 * EPOCHS["image"]}  # G's update sees real images, too
