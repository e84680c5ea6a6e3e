"""I2I Adapt's settings: the weights of its losses, and sizes."""

from __future__ import annotations

from dataclasses import dataclass

from gans.systems.adapting import AdaptationSettings
from gans.systems.optimizing import TwoAdamSettings
from gans.systems.settings import setting

__all__ = ["FOR_DIGITS", "I2ISettings"]


@dataclass(frozen=True, kw_only=True)
class I2ISettings(AdaptationSettings, TwoAdamSettings):
    class_weight: float = setting(
        1.0, "weight of the classes of translated images", least=0, metavar="WEIGHT"
    )
    identity: float = setting(0.5, "weight of images rebuilt from their codes", least=0, metavar="WEIGHT")
    cycle: float = setting(0.5, "weight of the way there and back", least=0, metavar="WEIGHT")
    adversarial: float = setting(0.4, "weight of D's opinion of translations", least=0, metavar="WEIGHT")
    latent: int = setting(8, "length of the vector of a texture", least=1, most=2**14)
    features: int = setting(32, "channels of the encoder's first layer", least=1, most=2**10)
    width: int = setting(100, "units of the heads' hidden layers", least=1, most=2**14)


FOR_DIGITS = I2ISettings(
    batch_size=32, lr=1e-3, lr_ratio=0.5, lr_half_life=800, ema=0.99, adaptation=0.5, ramp_steps=500
)
"""Settings for digits with textures."""
