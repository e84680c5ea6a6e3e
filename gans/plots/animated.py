"""An animation of pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gans.files import read
from gans.pictures import UNREADABLE, no_bombs, opened

__all__ = ["animation"]

MOST_FRAMES = 100
LONGEST_SECONDS = 8.0
HELD_SECONDS = 2.0
CAPTION_HEIGHT = 24


MOST_BYTES, MOST_PIXELS = 2**26, 2**24
"""The most pixels of a picture; ours have about a million."""


def animation(
    frames: Mapping[str, Path], pass_over: Callable[[Path], None] = lambda path: None
) -> bytes | None:
    """GIF of the pictures in files, each with its caption, repeated for ever; the last one is held.

    Of more than 100 pictures, 100 evenly spaced ones are shown, the first and the last among them. Files that
    are no PNG pictures of a plausible size are passed to ``pass_over``.

    Raises ValueError if there are no frames.
    """
    if not frames:
        raise ValueError("animation: at least one frame needed")
    captions = list(frames)
    chosen = np.unique(np.linspace(0, len(captions) - 1, min(len(captions), MOST_FRAMES)).round().astype(int))
    pictures = []
    for caption in (captions[index] for index in chosen):
        try:
            pictures.append(_captioned(_picture(frames[caption]), caption))
        except UNREADABLE:
            pass_over(frames[caption])
    if not pictures:
        return None
    each = int(1000 * np.clip(LONGEST_SECONDS / len(pictures), 0.06, 0.5))
    durations = [each] * (len(pictures) - 1) + [int(1000 * HELD_SECONDS)]
    file = io.BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def _picture(path: Path) -> Image.Image:
    content = read(path, MOST_BYTES)
    with no_bombs(), opened(content, ("PNG",)) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(f"{path}: a picture of {picture.width} x {picture.height} pixels")
        return picture.convert("L" if picture.mode == "L" else "RGB")


def _captioned(picture: Image.Image, caption: str) -> Image.Image:
    strip = "black" if picture.mode == "L" else "white"
    canvas = Image.new(picture.mode, (picture.width, picture.height + CAPTION_HEIGHT), strip)
    canvas.paste(picture, (0, 0))
    font = ImageFont.load_default(15)
    middle = (picture.width / 2, picture.height + CAPTION_HEIGHT / 2)
    ImageDraw.Draw(canvas).text(middle, caption, fill="gray", font=font, anchor="mm")
    return canvas if canvas.mode == "L" else canvas.quantize(128, dither=Image.Dither.NONE)
