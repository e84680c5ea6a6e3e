"""pix2pixHD's settings, and the phases of a training that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gans.networks.pix2pixhd import SCALES
from gans.systems.optimizing import LinearAdamSettings
from gans.systems.settings import setting

__all__ = ["LEARNING", "Phase", "Pix2PixHDSettings"]

Phase = Literal["global", "enhancer", "joint"]

PARTS = ("global", "coarse_image", "enhancer", "encoder")
"""The parts of G, and E, each with an optimizer of its own."""

LEARNING: Mapping[Phase, tuple[str, ...]] = {
    "global": ("global", "coarse_image", "encoder"),
    "enhancer": ("enhancer", "encoder"),
    "joint": ("global", "enhancer", "encoder"),
}
"""Those that G's update changes in a phase."""


@dataclass(frozen=True, kw_only=True)
class Pix2PixHDSettings(LinearAdamSettings):
    batch_size: int = setting(8, "pairs in an update", least=1, most=2**20)
    global_steps: int = setting(600, "steps of the global generator alone", least=0, metavar="STEPS")
    enhancer_steps: int = setting(
        300, "steps of the local enhancer alone, after those", least=0, metavar="STEPS"
    )
    matching: float = setting(10.0, "weight of D's features, which G matches", least=0, metavar="WEIGHT")
    content: float = setting(10.0, "weight of the classifier's features", least=0, metavar="WEIGHT")
    features: int = setting(
        16, "channels of G1 and of D next to the image; the enhancer has half", least=2, most=2**10
    )
    blocks: int = setting(2, "residual blocks of the global generator", least=0, most=100)
    enhancer_blocks: int = setting(1, "residual blocks of the enhancer", least=0, most=100)
    style_features: int = setting(3, "features of an object from the encoder", least=1, most=2**10)
    clusters: int = setting(10, "clusters of these features for each class", least=1, most=2**10)
    cluster_steps: int = setting(625, "steps after which they are clustered anew", least=1, metavar="STEPS")

    def phase(self, step: int) -> Phase:
        """The phase of the step after ``step`` of them."""
        if step < self.global_steps:
            return "global"
        return "enhancer" if step < self.global_steps + self.enhancer_steps else "joint"

    def rates(self, step: int) -> dict[str, float]:
        rates = super().rates(step)
        of_g = dict.fromkeys((f"optimizer_{part}" for part in PARTS), rates["optimizer_g"])
        of_d = dict.fromkeys((f"optimizer_d_{scale}" for scale in range(SCALES)), rates["optimizer_d"])
        return of_g | of_d
