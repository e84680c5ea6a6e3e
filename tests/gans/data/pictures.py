"""Small pictures in files, for tests of folders of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def noise(count: int, height: int = 12, width: int = 10, channels: int = 1, seed: int = 0) -> Pixels:
    """Random pictures, (count, height, width) or (count, height, width, channels)."""
    axes = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, (count, *axes)).astype(np.uint8)


def write_pictures(folder: Path, pixels: Pixels, suffix: str = ".png") -> Path:
    """Write each picture as 000, 001, ... into ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(pixels):
        Image.fromarray(each).save(folder / f"{number:03d}{suffix}")
    return folder
