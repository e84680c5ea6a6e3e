"""StarGAN's settings."""

from __future__ import annotations

from dataclasses import dataclass

from gans.systems.optimizing import TwoAdamSettings
from gans.systems.settings import setting

__all__ = ["StarGANSettings"]


@dataclass(frozen=True, kw_only=True)
class StarGANSettings(TwoAdamSettings):
    batch_size: int = setting(16, "images in an update", least=1, most=2**20)
    critic_steps: int = setting(2, "updates of D for each update of G", least=1, most=10_000, metavar="K")
    class_weight: float = setting(1.0, "weight of the domain that D names", least=0, metavar="WEIGHT")
    cycle: float = setting(10.0, "weight of the way there and back", least=0, metavar="WEIGHT")
    identity: float = setting(0.0, "weight of images left as they are", least=0, metavar="WEIGHT")
    penalty: float = setting(10.0, "weight of the gradient penalty", least=0, metavar="WEIGHT")
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10)
    blocks: int = setting(2, "residual blocks of G", least=0, most=100)
