"""InfoGAN's settings, and how far its maps have shrunk."""

from __future__ import annotations

from dataclasses import dataclass

from gans.errors import UserError
from gans.systems.optimizing import TwoAdamSettings
from gans.systems.settings import setting

__all__ = ["InfoGANSettings"]


@dataclass(frozen=True, kw_only=True)
class InfoGANSettings(TwoAdamSettings):
    """D's learning rate is also Q's."""

    latent: int = setting(62, "length of the noise vector z, which is no code", least=1, most=2**16)
    features: int = setting(
        32, "channels of G's layer next to the image; D's first has twice as many", least=1, most=2**10
    )
    hidden: int = setting(256, "units of the hidden layer of G and of the trunk", least=1, most=2**16)
    warp_from: int = setting(0, "steps before the random maps of images, and second views, begin", least=0)
    warp_steps: int = setting(
        0, "steps after which the maps have shrunk to nothing, as they do in their second half", least=0
    )
    views_weight: float = setting(
        0.0, "weight of the information that two views of a real image share", least=0, metavar="WEIGHT"
    )
    categories: int = setting(10, "values of the category", least=2, most=2**10)
    codes: int = setting(2, "continuous codes", least=0, most=2**10)
    category_weight: float = setting(1.0, "weight of the category's information", least=0, metavar="WEIGHT")
    code_weight: float = setting(1.0, "weight of the codes' information", least=0, metavar="WEIGHT")

    def warp_left(self, step: int) -> float:
        """The share of the maps' size after ``step`` steps: 1 in the first half of their time, then less."""
        last, first = self.warp_steps, self.warp_from
        return max(0.0, min(1.0, 2 * (last - step) / (last - first))) if last > first else 0.0

    def check(self) -> None:
        super().check()
        if self.batch_size < 2:
            raise UserError(f"`batch_size` of {self.model} must be at least 2: Q has batch norm")
        if 0 < self.warp_steps <= self.warp_from:
            raise UserError(
                f"`warp_from` of {self.model} must be below `warp_steps`, got {self.warp_from} and "
                f"{self.warp_steps}"
            )
