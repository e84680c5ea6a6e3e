"""Pictures one after the other."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["animation"]

MOST_FRAMES = 100
LONGEST_SECONDS = 8.0
HELD_SECONDS = 2.0
CAPTION_HEIGHT = 24


def animation(frames: Mapping[str, Path]) -> bytes:
    """GIF of the pictures in files, each with its key as caption, for ever repeated; the last one is held.

    Of more than 100 pictures, 100 evenly spaced ones are shown, the first and the last among them.

    :raises ValueError: no frames
    """
    if not frames:
        raise ValueError("animation: at least one frame needed")
    captions = list(frames)
    chosen = np.unique(np.linspace(0, len(captions) - 1, min(len(captions), MOST_FRAMES)).round().astype(int))
    pictures = [_captioned(frames[captions[index]], captions[index]) for index in chosen]
    each = int(1000 * np.clip(LONGEST_SECONDS / len(pictures), 0.06, 0.5))
    durations = [each] * (len(pictures) - 1) + [int(1000 * HELD_SECONDS)]
    file = io.BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def _captioned(path: Path, caption: str) -> Image.Image:
    with Image.open(path) as opened:
        picture = opened.convert("L" if opened.mode == "L" else "RGB")
    strip = "black" if picture.mode == "L" else "white"
    canvas = Image.new(picture.mode, (picture.width, picture.height + CAPTION_HEIGHT), strip)
    canvas.paste(picture, (0, 0))
    font = ImageFont.load_default(15)
    middle = (picture.width / 2, picture.height + CAPTION_HEIGHT / 2)
    ImageDraw.Draw(canvas).text(middle, caption, fill="gray", font=font, anchor="mm")
    return canvas if canvas.mode == "L" else canvas.quantize(128, dither=Image.Dither.NONE)
