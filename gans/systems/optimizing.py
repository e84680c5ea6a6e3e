"""Learning rates and optimizers: the settings that systems share, and the optimizers that they make.

A system with G and D has

    @dataclass(frozen=True, kw_only=True)
    class MySettings(TwoAdamSettings):
        latent: int = setting(64, "length of the noise vector z", least=1)

and makes its optimizers with ``adam(settings, G)`` and ``adam(settings, D, times=settings.lr_ratio)``. The
trainer takes the rates of each step from the settings. The system's presets say which values differ from
those here. The smaller classes serve a system that needs a part of them; dataclasses put the fields of the
last base first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gans.errors import UserError
from gans.systems.settings import Settings, setting
from minigrad import nn
from minigrad.optim import SGD, Adam, Optimizer, RMSprop

__all__ = [
    "AdamSettings",
    "BetaSettings",
    "HalvingSettings",
    "LinearAdamSettings",
    "LinearSettings",
    "RateSettings",
    "TwoAdamSettings",
    "TwoRateSettings",
    "adam",
    "optimizer",
    "rmsprop",
]


@dataclass(frozen=True, kw_only=True)
class RateSettings(Settings):
    """One learning rate."""

    lr: float = setting(2e-4, "learning rate of all networks", above=0, metavar="RATE")

    def left(self, step: int) -> float:
        """The share of the rates that is left after ``step`` steps."""
        return 1.0


@dataclass(frozen=True, kw_only=True)
class TwoRateSettings(RateSettings):
    """G's learning rate, and D's as a multiple of it (two time scales, Heusel et al. 2017)."""

    lr: float = setting(2e-4, "learning rate of G; D's is this times lr_ratio", above=0, metavar="RATE")
    lr_ratio: float = setting(1.0, "D's learning rate over G's", above=0, metavar="TIMES")

    def rates(self, step: int) -> dict[str, float]:
        left = self.left(step)
        return {"optimizer_g": self.lr * left, "optimizer_d": self.lr * self.lr_ratio * left}

    def check(self) -> None:
        super().check()
        rate = float(self.lr) * float(self.lr_ratio)
        if not 0 < rate < math.inf:
            raise UserError(
                f"D's learning rate, `lr` times `lr_ratio`, must be a positive number, got {rate}"
            )


@dataclass(frozen=True, kw_only=True)
class HalvingSettings(Settings):
    """Rates that halve every ``lr_half_life`` steps.

    >>> HalvingSettings(lr_half_life=3).left(6), HalvingSettings().left(6)
    (0.25, 1.0)
    """

    lr_half_life: int = setting(
        0, "steps after which the rates have halved; 0 for never", least=0, most=10**12, metavar="STEPS"
    )

    def left(self, step: int) -> float:
        return 0.5 ** (step / self.lr_half_life) if self.lr_half_life else 1.0


@dataclass(frozen=True, kw_only=True)
class LinearSettings(Settings):
    """Rates that are constant in the first half of ``lr_steps`` and fall to a hundredth in the second."""

    lr_steps: int = setting(0, "steps, in whose second half the rates fall; 0: constant", least=0)

    def left(self, step: int) -> float:
        half = self.lr_steps / 2
        return max(0.01, min(1.0, 2 - step / half)) if half else 1.0


@dataclass(frozen=True, kw_only=True)
class BetaSettings(Settings):
    """Adam's two decays."""

    beta1: float = setting(0.5, "Adam's decay of the gradients' mean", least=0, below=1, metavar="SHARE")
    beta2: float = setting(
        0.999, "Adam's decay of the gradients' mean square", least=0, below=1, metavar="SHARE"
    )


@dataclass(frozen=True, kw_only=True)
class AdamSettings(BetaSettings, HalvingSettings, RateSettings):
    """One Adam, whose rate halves: for an attribute ``optimizer``."""

    def rates(self, step: int) -> dict[str, float]:
        return {"optimizer": self.lr * self.left(step)}


@dataclass(frozen=True, kw_only=True)
class TwoAdamSettings(BetaSettings, HalvingSettings, TwoRateSettings):
    """G's and D's Adam, whose rates halve: for ``optimizer_g`` and ``optimizer_d``."""


@dataclass(frozen=True, kw_only=True)
class LinearAdamSettings(BetaSettings, LinearSettings, TwoRateSettings):
    """G's and D's Adam, whose rates fall in a straight line: for ``optimizer_g`` and ``optimizer_d``."""


class _Rate(Protocol):
    @property
    def lr(self) -> float: ...


class _Adam(_Rate, Protocol):
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...


class _Momentum(_Adam, Protocol):
    @property
    def momentum(self) -> float: ...


def adam(settings: _Adam, *networks: nn.Module, times: float = 1.0) -> Adam:
    """Adam for the weights of ``networks``, with ``times`` the rate of ``settings`` and their two decays.

    >>> adam(TwoAdamSettings(lr=1e-3), nn.Linear(2, 1), times=2.0).lr
    0.002
    """
    return Adam(_weights(networks), lr=settings.lr * times, betas=(settings.beta1, settings.beta2))


def rmsprop(settings: _Rate, *networks: nn.Module, times: float = 1.0) -> RMSprop:
    """RMSprop for the weights of ``networks``, with ``times`` the rate of ``settings``.

    >>> rmsprop(TwoRateSettings(lr=1e-3), nn.Linear(2, 1), times=0.5).lr
    0.0005
    """
    return RMSprop(_weights(networks), lr=settings.lr * times)


def optimizer(kind: str, settings: _Momentum, *networks: nn.Module, times: float = 1.0) -> Optimizer:
    """The optimizer of this ``kind``, "adam", "rmsprop" or "sgd", with the numbers of ``settings``."""
    if kind == "sgd":
        return SGD(_weights(networks), lr=settings.lr * times, momentum=settings.momentum)
    return (rmsprop if kind == "rmsprop" else adam)(settings, *networks, times=times)


def _weights(networks: Sequence[nn.Module]) -> list[nn.Parameter]:
    return [p for network in networks for p in network.parameters()]
