"""Images in rows, with words above, beside and below them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.colors import TwoSlopeNorm

from gans.plots.figures.style import DARK, figure, png

__all__ = ["captioned_rows", "signed_colours"]

CELL_INCHES = 0.8
GAP = 0.08
"""The space between images, as a share of their width."""

WORDS = 0.3
"""The space of a line of words, as a share of an image's width."""


def captioned_rows(
    images: npt.ArrayLike,
    title: str,
    *,
    above: Sequence[str] = (),
    beside: Sequence[str] = (),
    below: Sequence[Sequence[str]] = (),
    parts: Sequence[int] = (),
) -> bytes:
    """PNG of ``images`` (rows, columns, c, h, w) in [-1, 1], c 1 (grey) or 3 (RGB).

    ``above`` has words for the first columns, ``beside`` for each row, and ``below`` for each image, by rows.
    Before each of the columns ``parts`` there is more space.

    Raises ValueError if the images have another shape.
    """
    x = np.asarray(images, dtype=np.float32)
    if x.ndim != 5 or x.shape[2] not in (1, 3) or 0 in x.shape:
        raise ValueError(f"captioned_rows: images (rows, columns, 1 or 3, h, w) needed, got {x.shape}")
    rows, columns, _, h, w = x.shape
    pixels = np.clip((x + 1) / 2, 0, 1).transpose(0, 1, 3, 4, 2).repeat(3 if x.shape[2] == 1 else 1, axis=4)
    tall, line = h / w, WORDS
    lefts = np.arange(columns) * (1 + GAP) + sum(np.arange(columns) >= part for part in parts) * 3 * GAP
    down = tall + GAP + (line if below else 0.0)
    width = max(float(lefts[-1]) + 1, 4.5) + (max(map(len, beside)) * 0.11 + 0.2 if beside else 0.1)
    start = width - max(float(lefts[-1]) + 1, 4.5) - 0.05
    top = 0.5 + (line if any(above) else 0.0)
    height = top + rows * down + 0.05
    made = figure(width * CELL_INCHES, height * CELL_INCHES)
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for row in range(rows):
        y = top + row * down
        for column in range(columns):
            left = start + lefts[column]
            axes.imshow(
                pixels[row, column],
                extent=(left, left + 1, y + tall, y),
                aspect="auto",
                interpolation="nearest",
            )
            if below:
                axes.text(
                    left + 0.5,
                    y + tall + line / 2,
                    below[row][column],
                    ha="center",
                    va="center",
                    fontsize=6.5,
                )
        if beside:
            axes.text(start - 0.1, y + tall / 2, beside[row], ha="right", va="center", fontsize=8, color=DARK)
    for left, words in zip(lefts, above, strict=False):
        axes.text(start + left + 0.5, top - 0.06, words, ha="center", va="bottom", fontsize=7, color=DARK)
    axes.text(width / 2, 0.22, title, ha="center", va="center", fontsize=9, color=DARK, parse_math=False)
    axes.set(xlim=(0, width), ylim=(height, 0))
    return png(made)


def signed_colours(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Numbers (n, h, w) as images (n, 3, h, w) in [-1, 1]: red above 0, blue below, white at 0.

    Each image has its own scale, up to its largest size.

    >>> signed_colours(np.array([[[-3.0, 0.0, 2.0]]])).shape
    (1, 3, 1, 3)
    """
    from matplotlib import colormaps

    v = np.asarray(values, dtype=np.float64)
    largest = np.maximum(np.abs(v).max(axis=(1, 2)), np.finfo(np.float64).tiny)
    colours = np.stack([
        colormaps["RdBu_r"](TwoSlopeNorm(0.0, -most, most)(each))[..., :3]
        for each, most in zip(v, largest, strict=True)
    ])  # fmt: skip
    return (colours.transpose(0, 3, 1, 2) * 2 - 1).astype(np.float32)
