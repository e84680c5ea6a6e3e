"""The settings of the semi-supervised GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gans.systems.optimizing import TwoAdamSettings
from gans.systems.settings import setting

__all__ = ["SSGANSettings"]


@dataclass(frozen=True, kw_only=True)
class SSGANSettings(TwoAdamSettings):
    batch_size: int = setting(100, "images of each kind in an update", least=1, most=2**20)
    generator_loss: Literal["feature-matching", "non-saturating"] = setting("feature-matching", "G's loss")
    unsupervised: float = setting(
        1.0, "weight of images without labels; 0 for labelled ones alone", least=0, metavar="WEIGHT"
    )
    latent: int = setting(100, "length of the noise vector z", least=1, most=2**16)
    features: int = setting(12, "channels of the layers next to the image", least=1, most=2**10)
    hidden: int = setting(256, "units of D's last layer before the logits", least=1, most=2**16)
    noise: float = setting(0.2, "standard deviation of the noise on D's images", least=0, metavar="STD")
    dropout: float = setting(0.2, "share of D's last maps that its updates drop", least=0, below=1)
    views_weight: float = setting(
        0.0, "weight of the information that two views of an image share", least=0, metavar="WEIGHT"
    )
