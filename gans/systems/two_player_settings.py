"""The settings of GANs of two players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gans.systems.optimizing import HalvingSettings, TwoRateSettings
from gans.systems.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(Settings):
    """The losses, by name."""

    objective: Literal["non-saturating", "minimax"] = setting("non-saturating", "G's loss")


@dataclass(frozen=True, kw_only=True)
class TwoPlayerSettings(HalvingSettings, TwoRateSettings, ObjectiveSettings):
    """The settings of every GAN of two players.

    ``lr`` is G's learning rate and D's is ``lr_ratio`` times that (two time scales, Heusel et al. 2017); both
    halve every ``lr_half_life`` steps, down to ``lr_floor`` times their start. ``latent`` is the length of z,
    drawn from N(0, I).
    """

    lr_floor: float = setting(
        0.0, "the least share of the rates that halving leaves", least=0, most=1, metavar="SHARE"
    )
    optimizer: Literal["adam", "rmsprop"] = setting("adam", "of both networks: adam or rmsprop")
    beta1: float = setting(
        0.5,
        "Adam's decay of the gradients' mean",
        least=0,
        below=1,
        requires=("optimizer", "adam"),
        metavar="SHARE",
    )
    beta2: float = setting(
        0.999,
        "Adam's decay of the gradients' mean square",
        least=0,
        below=1,
        requires=("optimizer", "adam"),
        metavar="SHARE",
    )
    critic_steps: int = setting(1, "updates of D for each update of G", least=1, most=10_000, metavar="K")
    latent: int = setting(100, "length of the noise vector z", least=1, most=2**16)
    width: int = setting(128, "units of a hidden layer, on toys", least=1, most=2**14, only="points")
    depth: int = setting(2, "hidden layers, on toys", least=1, most=1_000, only="points")

    def left(self, step: int) -> float:
        return max(super().left(step), self.lr_floor)


@dataclass(frozen=True, kw_only=True)
class ConvolutionalSettings(TwoPlayerSettings):
    """``features`` are the channels of G's last and D's first layer; each layer further in has twice.

    The layers halve and double an image's sides down to ``base`` pixels: a smaller base is a deeper network.
    """

    features: int = setting(64, "channels of the layers next to the image", least=1, most=2**10, only="image")
    base: int = setting(7, "most pixels a side of the smallest maps", least=2, most=7, only="image")


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
