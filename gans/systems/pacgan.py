"""PacGAN: D judges several samples at once, so that it sees missing variety (Lin et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems.settings import setting
from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_networks import convolutional
from gans.systems.two_player_settings import (
    EPOCHS,
    MEASURED,
    ON_POINTS,
    ConvolutionalClassifierSettings,
)
from minigrad import Tensor, nn


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

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor | None:
        """None where D judges packs."""
        return super().logits(samples) if self.settings.pack == 1 else None

    def judge(self, samples: Any) -> NDArray[np.float32] | None:
        """None where D judges packs: a sample by itself has no readout."""
        return super().judge(samples) if self.settings.pack == 1 else None
