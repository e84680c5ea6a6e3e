"""PGGAN's settings, and how G and D grow with them."""

from __future__ import annotations

from dataclasses import dataclass

from gans.systems.optimizing import BetaSettings, RateSettings
from gans.systems.settings import setting

__all__ = ["PGGANSettings"]


@dataclass(frozen=True, kw_only=True)
class PGGANSettings(BetaSettings, RateSettings):
    """Each level is held for ``hold_steps``; all but the first are faded in before, for ``fade_steps``."""

    batch_size: int = setting(16, "samples in each update", least=1, most=2**20)
    ema: float = setting(0.99, "decay of the average of G's weights; 0 for none", least=0, below=1)
    latent: int = setting(64, "length of the noise vector z", least=1, most=2**16)
    features: int = setting(
        16, "channels next to the image, twice as many a level below", least=1, most=2**10
    )
    fade_steps: int = setting(300, "steps in which a new level is faded in", least=1, metavar="STEPS")
    hold_steps: int = setting(300, "steps before the next level is faded in", least=1, metavar="STEPS")
    penalty: float = setting(10.0, "weight of the gradient penalty", least=0, metavar="WEIGHT")
    drift: float = setting(1e-3, "weight of D(x)^2, which keeps D's scores near 0", least=0, metavar="WEIGHT")

    def growth(self, step: int, levels: int) -> tuple[int, float]:
        """The level of the step after ``step`` of them, and alpha, which is below 1 while it is faded in.

        >>> settings = PGGANSettings(hold_steps=2, fade_steps=2)
        >>> [settings.growth(step, levels=2) for step in range(6)]
        [(0, 1.0), (0, 1.0), (1, 0.5), (1, 1.0), (1, 1.0), (1, 1.0)]
        """
        level, within = divmod(step + self.fade_steps, self.fade_steps + self.hold_steps)
        if level >= levels:
            return levels - 1, 1.0
        return level, min(1.0, (within + 1) / self.fade_steps) if level else 1.0
