"""What the pictures of claims are drawn with: a column of dots for each arm, or curves over training."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from gans.plots.figures.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png
from gans.study.board.claim import Claim, Numbers, Picture

__all__ = ["arms", "curves", "drawn", "filmed"]

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#e69f00", "#56b4e9", DARK, "#999999")


def drawn(claim: Claim, numbers: Sequence[Numbers]) -> bytes:
    """PNG of a claim's numbers, of all seeds, with few colours: a board has many pictures."""
    made = figure(4.8, 3.1)
    axes = made.add_subplot()
    bare(axes)
    claim.picture(axes, numbers)
    made.tight_layout()
    small = io.BytesIO()
    _few_colours(made).save(small, "PNG")
    return small.getvalue()


def filmed(frames: Sequence[Figure]) -> bytes:
    """GIF of frames, repeated for ever; the last one is held."""
    first, *others = [_few_colours(frame) for frame in frames]
    durations, file = [250] * len(others) + [2_000], io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return file.getvalue()


def _few_colours(made: Figure) -> Image.Image:
    return Image.open(io.BytesIO(png(made))).convert("RGB").quantize(64, dither=Image.Dither.NONE)


def arms(label: str, names: Mapping[str, str], *, log: bool = False, line: float | None = None) -> Picture:
    """A column of dots for each of ``names``, one a seed, with a bar at their mean; ``names`` has the words.

    ``label`` is that of the axis, which has a dashed ``line`` where one is given.
    """

    def draw(axes: Axes, numbers: Sequence[Numbers]) -> None:
        for place, name in enumerate(names):
            values = [value for one in numbers if isinstance(value := one[name], int | float)]
            spread = np.linspace(-0.08, 0.08, len(values)) if len(values) > 1 else [0.0]
            axes.plot(place + np.array(spread), values, "o", ms=4, alpha=0.7, color=COLOURS[place % 8])
            if values:
                axes.hlines(np.mean(values), place - 0.22, place + 0.22, color=DARK, lw=1.5)
        if line is not None:
            axes.axhline(line, color="#999999", ls="--", lw=1)
        axes.set_xticks(range(len(names)), list(names.values()), fontsize=8)
        axes.set_xlim(-0.6, len(names) - 0.4)
        axes.set_ylabel(label, fontsize=9)
        if log:
            axes.set_yscale("log")

    return draw


def curves(
    x: str,
    label: str,
    names: Mapping[str, str],
    *,
    over: str = "step",
    log: bool = False,
    log_x: bool = False,
    line: float | None = None,
) -> Picture:
    """A curve over the list ``x`` for each of ``names``: the mean of the seeds, and each seed pale.

    ``over`` and ``label`` are those of the axes; a dashed ``line`` lies at a height that matters.
    """

    def draw(axes: Axes, numbers: Sequence[Numbers]) -> None:
        places = np.asarray(numbers[0][x], dtype=float)
        for number, (name, words) in enumerate(names.items()):
            colour, style = COLOURS[number % 8], "-" if number % 2 == 0 else "--"  # equal lines stay visible
            every = np.asarray([one[name] for one in numbers], dtype=float)
            if len(every) > 1:
                axes.plot(places, every.T, color=colour, alpha=0.25, lw=0.8)
            axes.plot(places, every.mean(axis=0), style, color=colour, lw=1.8, label=words)
        if line is not None:
            axes.axhline(line, color="#999999", ls="--", lw=1)
        axes.set_xlabel(over, fontsize=9)
        axes.set_ylabel(label, fontsize=9)
        if log:
            axes.set_yscale("log")
        if log_x:
            axes.set_xscale("log")
        if any(names.values()):
            axes.legend(frameon=False, fontsize=8)

    return draw
