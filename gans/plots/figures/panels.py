"""Figures of samples in panels, one for each: over the steps of a training, or over numbers of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from gans.plots.figures.style import BLUE, DARK, bare, figure, png

__all__ = ["Band", "figure_curves", "size_curves"]

DASHED = (0, (4, 4))

ACROSS = 3
"""The most panels in a row."""


def figure_curves(
    evaluations: Sequence[Mapping[str, Any]], figures: Mapping[str, str | None], title: str
) -> bytes:
    """PNG of a panel for each of ``figures`` over the steps, beside the same figure of real data, dashed.

    ``evaluations`` are the lines of evaluations.jsonl; ``figures`` gives each figure's name that of real
    data's, if there is one. A figure that is no number in any line is left out, and so are such values.

    Raises ValueError if there are no evaluations.
    """
    if not evaluations:
        raise ValueError("figure_curves: at least one evaluation needed")
    curves = {name: _points(evaluations, name) for name in (*figures, *filter(None, figures.values()))}
    shown = [name for name in figures if curves[name]]
    made, panels = _panels(len(shown), f"{title}: samples, and real data dashed")
    for axes, name in zip(panels, shown, strict=False):
        real = figures[name]
        if real is not None and curves[real]:
            axes.plot(*zip(*curves[real], strict=True), color=DARK, linewidth=1.0, linestyle=DASHED)
        axes.plot(*zip(*curves[name], strict=True), color=BLUE, linewidth=1.6, marker="o", markersize=3)
        axes.set_title(name.replace("_", " "), fontsize=10, color=DARK)
        axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return png(made)


class Band(NamedTuple):
    """A curve and how far it varies around each of its values."""

    mean: Sequence[float]
    std: Sequence[float]


def size_curves(sizes: Sequence[int], panels: Mapping[str, Sequence[Band]], title: str) -> bytes:
    """PNG of a panel for each figure over numbers of samples, in a logarithmic scale.

    ``panels`` has each figure's curve of samples, and one of real data if there is one, dashed; their bands
    reach one standard deviation up and down.
    """
    made, drawn = _panels(len(panels), f"{title}: samples, and real data dashed, by the number of samples")
    looks = ((BLUE, "-"), (DARK, DASHED))
    for axes, (name, bands) in zip(drawn, panels.items(), strict=False):
        for band, (colour, dashes) in zip(bands, looks, strict=False):
            low, high = ([m + sign * s for m, s in zip(*band, strict=True)] for sign in (-1, 1))
            axes.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(sizes, band.mean, color=colour, linestyle=dashes, marker="o", markersize=3)
        axes.set_title(name.replace("_", " "), fontsize=10, color=DARK)
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(sizes), [f"{size:,}" for size in sizes], fontsize=8)
        axes.xaxis.minorticks_off()
    return png(made)


def _points(evaluations: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    """The steps at which the figure is a number, each with it."""
    found = [(line["step"], line.get(name)) for line in evaluations]
    return [(step, value) for step, value in found if isinstance(value, int | float)]


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    """An empty picture with ``count`` panels, at least one, row by row."""
    across = min(ACROSS, max(1, count))
    down = max(1, -(-count // across))
    height = 0.8 + 2.1 * down
    made = figure(3.4 * across, height)
    made.suptitle(title, parse_math=False, fontsize=12, color=DARK, y=1 - 0.15 / height)
    margins = {"left": 0.2 / across + 0.02, "right": 0.98, "bottom": 0.35 / height, "top": 1 - 0.7 / height}
    grid = made.subplots(
        down, across, squeeze=False, gridspec_kw={**margins, "wspace": 0.35, "hspace": 0.5}
    ).ravel()
    for axes in grid:
        bare(axes)
    for axes in grid[max(1, count) :]:
        axes.set_visible(False)
    return made, list(grid)
