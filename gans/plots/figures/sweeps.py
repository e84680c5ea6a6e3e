"""Pictures of several runs: a figure against the settings of a sweep, and curves of runs over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter
from matplotlib.transforms import ScaledTranslation

from gans.plots.figures.curves import smooth
from gans.plots.figures.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png

__all__ = ["MOST_LINES", "Series", "Spot", "overlaid_curves", "settings_figure"]

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#e69f00", "#56b4e9", DARK, "#999999")

MOST_LINES = len(COLOURS)

WIDE = 4
"""The ratio of the largest to the smallest value from which on an axis is logarithmic."""

APART = 0.05
"""The inches between two lines that share their places on the axis."""


class Spot(NamedTuple):
    """A point of a grid: its settings, the figure of each seed, and the interval of their mean, if any."""

    settings: Mapping[str, Any]
    values: Sequence[float]
    low: float | None
    high: float | None


class Series(NamedTuple):
    """Numbers over the steps. ``parts`` are those of which they are the means, as pale lines."""

    steps: Sequence[float]
    values: Sequence[float]
    parts: Sequence[Sequence[float]] = ()


def settings_figure(spots: Sequence[Spot], swept: Sequence[str], label: str, title: str) -> bytes:
    """PNG of a panel for each swept setting: the figure of each seed, and the mean with its interval.

    A panel has a line for each choice of the other settings, the first eight of them.

    Raises ValueError if there are no settings.
    """
    if not swept:
        raise ValueError("settings_figure: at least one setting needed")
    across = min(3, len(swept))
    most = max(len({_words(_others(spot, name)) for spot in spots}) for name in swept)
    top = 0.15 + 0.16 * -(-min(most, MOST_LINES) // 2)
    made, panels = _panels(len(swept), across, 3.9, 3.2, title, top=top)
    for axes, name in zip(panels, swept, strict=False):
        _draw_setting(axes, [spot for spot in spots if spot.values], name, label)
    made.subplots_adjust(hspace=0.75, wspace=0.25)
    return png(made)


def _draw_setting(axes: Axes, spots: Sequence[Spot], name: str, label: str) -> None:
    values = list(dict.fromkeys(spot.settings[name] for spot in spots))
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    values = sorted(values) if numbers else values
    place = {repr(value): float(value) if numbers else float(n) for n, value in enumerate(values)}
    lines: dict[str, list[Spot]] = {}
    for spot in spots:
        lines.setdefault(_words(_others(spot, name)), []).append(spot)
    for number, (words, line) in enumerate(list(lines.items())[:MOST_LINES]):
        line.sort(key=lambda spot: place[repr(spot.settings[name])])
        beside = APART * (number - (min(len(lines), MOST_LINES) - 1) / 2)
        x = [place[repr(spot.settings[name])] for spot in line]
        _draw_line(axes, x, line, words, COLOURS[number], beside)
    if numbers:
        _scale_setting(axes, [float(value) for value in values])
    else:
        axes.set_xticks(range(len(values)), [str(value) for value in values], fontsize=8)
        axes.set_xlim(-0.5, max(len(values), 1) - 0.5)
    axes.autoscale_view()
    axes.set_xlabel(name.replace("_", " "), fontsize=9, color=DARK)
    axes.set_ylabel(label, fontsize=9, color=DARK)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
    if len(lines) > 1:
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, frameon=False, fontsize=7, ncols=2
        )


def _draw_line(
    axes: Axes, x: Sequence[float], line: Sequence[Spot], words: str, colour: str, beside: float
) -> None:
    """The means with their intervals, and each seed; all of it moved aside, so that others stay in sight."""
    aside = axes.transData + ScaledTranslation(beside, 0, axes.figure.dpi_scale_trans)
    means = [float(np.mean(spot.values)) for spot in line]
    axes.plot(x, means, color=colour, linewidth=1.4, marker="o", markersize=5, label=words, transform=aside)
    for at, spot in zip(x, line, strict=True):
        dots = [at] * len(spot.values)
        axes.plot(dots, spot.values, ".", color=colour, alpha=0.5, markersize=4, transform=aside)
        if spot.low is not None and spot.high is not None:
            ends = [spot.low, spot.high]
            axes.plot([at, at], ends, color=colour, linewidth=1.1, alpha=0.8, transform=aside)
        reach = [value for value in (*spot.values, spot.low, spot.high) if value is not None]
        axes.update_datalim([(at, value) for value in reach])  # lines that are moved aside do not


def _scale_setting(axes: Axes, values: Sequence[float]) -> None:
    """An axis whose ticks are the values, logarithmic for those that span orders of magnitude."""
    if min(values, default=0) > 0 and max(values) >= WIDE * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(values, [f"{value:g}" for value in values], fontsize=8)
    axes.margins(x=0.12)


def overlaid_curves(
    panels: Mapping[str, Mapping[str, Series]], title: str, *, smoothed: Sequence[str] = ()
) -> bytes:
    """PNG of a panel for each name: a curve of each run, in the run's colour, and one legend for all.

    ``panels`` gives each panel's curves by the runs' names. The strong lines of panels in ``smoothed`` are
    moving averages over 2% of the steps, the pale ones all values.

    Raises ValueError if there is no panel.
    """
    if not panels:
        raise ValueError("overlaid_curves: at least one panel needed")
    runs = list(dict.fromkeys(run for curves in panels.values() for run in curves))[:MOST_LINES]
    colour = dict(zip(runs, COLOURS, strict=False))
    across = 1 if len(panels) == 1 else 2 if len(panels) < 7 else 3
    made, drawn = _panels(
        len(panels), across, 8.0 if across == 1 else 4.4, 2.6, title, top=0.55 + 0.2 * -(-len(runs) // 2)
    )
    for axes, (name, curves) in zip(drawn, panels.items(), strict=False):
        for run in filter(curves.__contains__, runs):
            _draw_series(axes, curves[run], colour[run], name in smoothed)
        axes.set_title(name.replace("_", " "), fontsize=10, color=DARK)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    handles = [Line2D([], [], color=colour[run], linewidth=2, label=run) for run in runs]
    height = made.get_size_inches()[1]
    legend = made.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 1 - 0.38 / height),
        frameon=False,
        ncols=2,
        fontsize=8,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return png(made)


def _draw_series(axes: Axes, series: Series, colour: str, smoothed: bool) -> None:
    steps, values = np.asarray(series.steps, np.float64), np.asarray(series.values, np.float64)
    window = max(1, len(steps) // 50) if smoothed else 1
    if window > 1:
        axes.plot(steps, values, color=colour, linewidth=0.5, alpha=0.25)
    marker = "o" if len(steps) <= 30 and not smoothed else None
    axes.plot(steps, smooth(values, window), color=colour, linewidth=1.5, marker=marker, markersize=3)
    for part in series.parts:
        axes.plot(steps, part, color=colour, linewidth=0.8, alpha=0.35)


def _panels(
    count: int, across: int, width: float, height: float, title: str, *, top: float
) -> tuple[Figure, list[Axes]]:
    down = -(-count // across)
    whole = height * down + top + 0.3
    made = figure(width * across, whole)
    made.suptitle(title, parse_math=False, fontsize=12, color=DARK, y=1 - 0.12 / whole)
    margins = {
        "left": 0.75 / (width * across),
        "right": 0.98,
        "bottom": 0.5 / whole,
        "top": 1 - (top + 0.3) / whole,
    }
    grid = made.subplots(down, across, squeeze=False, gridspec_kw={**margins, "wspace": 0.22, "hspace": 0.38})
    for axes in grid.ravel():
        bare(axes)
    for axes in grid.ravel()[count:]:
        axes.set_visible(False)
    return made, list(grid.ravel())


def _words(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())


def _others(spot: Spot, name: str) -> dict[str, Any]:
    """The settings of a spot without the one that is on the axis."""
    return {other: value for other, value in spot.settings.items() if other != name}
