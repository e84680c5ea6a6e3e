"""Images side by side."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from colorsys import hsv_to_rgb

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["clip_rows", "image_grid", "image_rows", "token_grid"]

SEPARATOR_GREY = 70
LARGEST_SIDE = 1_000
CELL = 12
"""Pixels of a token's square."""


def image_grid(
    images: npt.ArrayLike, columns: int | None = None, scale: int | None = None, gap: int = 2
) -> bytes:
    """PNG of all images, row by row, with thin lines between them.

    images (n, c, h, w) in [-1, 1], c 1 (grey) or 3 (RGB); a pixel becomes a square of ``scale`` pixels.
    Unless given, ``columns`` make the grid about square, and ``scale`` (from 1 to 3) keeps it within 1,000
    pixels.

    Raises ValueError if the images have another shape.
    """
    x = np.asarray(images)
    if x.ndim != 4 or x.shape[1] not in (1, 3) or 0 in x.shape:
        raise ValueError(f"image_grid: images of shape (n, 1 or 3, h, w) needed, got {x.shape}")
    n, c, h, w = x.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    scale = scale or max(1, min(3, LARGEST_SIDE // max(columns * w, rows * h)))
    pixels = np.clip(np.rint((x + 1) * 127.5), 0, 255).astype(np.uint8)
    pixels = pixels.repeat(scale, axis=2).repeat(scale, axis=3).transpose(0, 2, 3, 1)
    step_y, step_x = h * scale + gap, w * scale + gap
    canvas = np.full((rows * step_y + gap, columns * step_x + gap, c), SEPARATOR_GREY, dtype=np.uint8)
    for index, tile in enumerate(pixels):
        y, x0 = gap + index // columns * step_y, gap + index % columns * step_x
        canvas[y : y + h * scale, x0 : x0 + w * scale] = tile
    file = io.BytesIO()
    Image.fromarray(canvas[:, :, 0] if c == 1 else canvas).save(file, "PNG")
    return file.getvalue()


def image_rows(groups: Sequence[npt.ArrayLike], columns: int | None = None) -> bytes:
    """PNG of images beside those that belong to them, such as source, translation and target.

    ``groups`` are arrays (n, c, h, w) of one height and width; grey ones become RGB where others are. A row
    has ``columns`` of these groups, 4 unless given.

    Raises ValueError as ``image_grid``, or if the groups differ in their number or size.
    """
    arrays = [np.asarray(group, dtype=np.float32) for group in groups]
    colours = max(a.shape[1] for a in arrays)
    arrays = [np.broadcast_to(a, (len(a), colours, *a.shape[2:])) for a in arrays]
    if len({a.shape for a in arrays}) != 1:
        raise ValueError(f"image_rows: groups of one shape needed, got {[a.shape for a in arrays]}")
    beside = np.stack(arrays, axis=1).reshape(-1, *arrays[0].shape[1:])
    return image_grid(beside, (columns or 4) * len(arrays))


def clip_rows(groups: Sequence[npt.ArrayLike]) -> bytes:
    """PNG of clips, a row of frames each, with those that belong to one another under each other.

    ``groups`` are arrays (n, t, c, h, w) of one size and number of frames, such as maps, samples and real
    clips; grey ones become RGB where others are.

    Raises ValueError as ``image_grid``, or if the groups differ in their number or size.
    """
    arrays = [np.asarray(group, dtype=np.float32) for group in groups]
    if any(a.ndim != 5 for a in arrays):
        raise ValueError(f"clip_rows: clips (n, t, c, h, w) needed, got {[a.shape for a in arrays]}")
    colours = max(a.shape[2] for a in arrays)
    arrays = [np.broadcast_to(a, (*a.shape[:2], colours, *a.shape[3:])) for a in arrays]
    if len({a.shape for a in arrays}) != 1:
        raise ValueError(f"clip_rows: groups of one shape needed, got {[a.shape for a in arrays]}")
    beside = np.stack(arrays, axis=1)  # (n, groups, t, c, h, w)
    return image_grid(beside.reshape(-1, *beside.shape[3:]), beside.shape[2])


def token_grid(tokens: npt.ArrayLike, vocabulary: int) -> bytes:
    """PNG of sequences (n, length), a row each: a token is a square in a colour of its own.

    Raises ValueError if the tokens have another shape, or one is not below ``vocabulary``.
    """
    t = np.asarray(tokens)
    if t.ndim != 2 or 0 in t.shape or t.min() < 0 or t.max() >= vocabulary:
        raise ValueError(f"token_grid: tokens (n, length) from 0 to {vocabulary - 1} needed, got {t.shape}")
    golden = (t * 0.618034) % 1  # neighbours among the tokens get distant hues
    colours = np.array([hsv_to_rgb(hue, 0.55, 0.9) for hue in golden.flat]).reshape(*t.shape, 3)
    pixels = np.rint(255 * colours)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8).repeat(CELL, 0).repeat(CELL, 1)).save(file, "PNG")
    return file.getvalue()
