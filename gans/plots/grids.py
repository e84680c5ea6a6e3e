"""Images side by side."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["image_grid"]

SEPARATOR_GREY = 70
LARGEST_SIDE = 1_000


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
