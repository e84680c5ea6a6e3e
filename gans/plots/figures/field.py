"""Points in the plane with what happens to them: arrows to one scale, and the paths on which they move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes

from gans.plots.figures.points import Surface, draw_surface, finish, frame_of
from gans.plots.figures.style import BLUE, DARK, ORANGE, figure, png

__all__ = ["arrows", "paths", "round_number"]

Floats = npt.NDArray[np.float64]

LONGEST = 0.15
"""The longest arrow, at most, as a share of the frame."""


def round_number(x: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above ``x``, a positive number.

    >>> round_number(0.034), round_number(7.0)
    (0.02, 5.0)
    """
    power = 10.0 ** math.floor(math.log10(x))
    return float(f"{max(m for m in (1, 2, 5) if m * power <= x * (1 + 1e-9)) * power:.1g}")


def arrows(
    points: npt.ArrayLike,
    steps: npt.ArrayLike,
    real: npt.ArrayLike,
    title: str,
    surface: Surface | None = None,
    what: str = "arrow",
) -> bytes:
    """PNG of ``points`` (n, 2), each with an arrow along its row of ``steps`` (n, 2), over ``real`` (m, 2).

    All arrows have one scale, a round number of the plane's units for a step of 1; a bar shows the length of
    a round step, and says so, with ``what`` the arrows are. Behind them is D's ``surface``, if one is given.
    The frame is that of the real points; the picture says how many of the others lie outside.
    """
    x, v, data = (np.asarray(a, dtype=np.float64) for a in (points, steps, real))
    made = figure(6 if surface is None else 6.7, 6.9)
    axes = made.add_axes((0.09, 0.15, 0.88 if surface is None else 0.77, 0.77))
    (left, bottom), (right, top) = frame_of(data)
    if surface is not None:
        draw_surface(axes, surface, (left, right, bottom, top))
    _dots(axes, data, x)
    longest = float(np.linalg.norm(v, axis=1).max())
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    if longest > 0:
        scale = round_number(LONGEST * (right - left) / longest)
        axes.quiver(
            x[:, 0], x[:, 1], v[:, 0] * scale, v[:, 1] * scale, angles="xy", scale_units="xy", scale=1.0,
            color=DARK, width=0.0028, headwidth=4, zorder=3,
        )  # fmt: skip
        _bar(axes, round_number(longest), scale, what)
    else:
        axes.text(0.5, -0.09, f"each {what} is zero", transform=axes.transAxes, ha="center", fontsize=9)
    inside = (x >= [left, bottom]).all(axis=1) & (x <= [right, top]).all(axis=1)
    finish(axes, title, int((~inside).sum()), len(x))
    return png(made)


def paths(
    curves: npt.ArrayLike, real: npt.ArrayLike, title: str, names: Sequence[str] = (), words: str = ""
) -> bytes:
    """PNG of ``curves`` (n, k, 2) over ``real`` (m, 2): each is a line through k points.

    A line begins at a circle and ends at a square. ``names`` stand in the legend; ``words`` below the title.
    """
    lines, data = np.asarray(curves, dtype=np.float64), np.asarray(real, dtype=np.float64)
    made = figure(6, 6.5)
    axes = made.add_axes((0.09, 0.1, 0.88, 0.8))
    axes.scatter(data[:, 0], data[:, 1], s=9, color="#c8c8c8", linewidths=0, zorder=1)
    colours = colormaps["viridis"](np.linspace(0, 0.92, len(lines)))
    for index, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        label = names[index] if index < len(names) else None
        axes.plot(line[:, 0], line[:, 1], color=colour, linewidth=1.3, marker=".", markersize=3, label=label)
        axes.scatter(line[0, 0], line[0, 1], s=32, marker="o", color=[colour], zorder=3)
        axes.scatter(line[-1, 0], line[-1, 1], s=32, marker="s", color=[colour], zorder=3)
    (left, bottom), (right, top) = frame_of(np.concatenate([data, lines.reshape(-1, 2)]))
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    finish(axes, title, 0, lines.shape[0] * lines.shape[1])
    if words:
        axes.texts[-1].set_text(words)
    return png(made)


def _dots(axes: Axes, data: Floats, x: Floats) -> None:
    axes.scatter(data[:, 0], data[:, 1], s=9, color="#b0b0b0", linewidths=0, label="real", zorder=1)
    axes.scatter(x[:, 0], x[:, 1], s=12, color=ORANGE, linewidths=0, label="generated", zorder=2)


def _bar(axes: Axes, step: float, scale: float, what: str) -> None:
    """A bar as long as an arrow of size ``step``, below the axes."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    y = bottom - 0.085 * (top - bottom)
    axes.plot(
        [left, left + step * scale],
        [y, y],
        color=BLUE,
        linewidth=2.5,
        marker="|",
        markersize=8,
        clip_on=False,
    )
    words = f"{what} of size {step:g}; 1 is drawn as {scale:g} of the axes' units"
    axes.text(left + step * scale + 0.02 * (right - left), y, words, va="center", fontsize=8, color=DARK)
