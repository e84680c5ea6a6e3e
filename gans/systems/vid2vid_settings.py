"""vid2vid's settings."""

from __future__ import annotations

from dataclasses import dataclass

from gans.errors import UserError
from gans.systems.optimizing import TwoAdamSettings
from gans.systems.settings import setting

__all__ = ["Vid2VidSettings"]


@dataclass(frozen=True, kw_only=True)
class Vid2VidSettings(TwoAdamSettings):
    batch_size: int = setting(8, "clips in an update", least=1, most=2**20)
    frames: int = setting(4, "consecutive frames of a clip in an update", least=2, metavar="FRAMES")
    history: int = setting(2, "frames before a frame that G sees: L", least=1, most=64, metavar="FRAMES")
    window: int = setting(3, "consecutive frames that the video D sees: K", least=2, metavar="FRAMES")
    temporal: float = setting(1.0, "weight of the video D; 0 for none", least=0, metavar="WEIGHT")
    flow: float = setting(10.0, "weight of real frames that the flow moves", least=0, metavar="WEIGHT")
    brightness: float = setting(
        20.0, "weight of the distance of frames' brightness from the real ones'", least=0, metavar="WEIGHT"
    )
    following: float = setting(
        20.0,
        "weight of the distance of frames after a real first one from the real ones",
        least=0,
        metavar="WEIGHT",
    )
    features: int = setting(16, "channels of the layers next to the frame", least=1, most=2**10)

    def check(self) -> None:
        super().check()
        if self.temporal and self.window > self.frames:
            raise UserError(f"`window` must be at most `frames`, {self.frames}, got {self.window}")
