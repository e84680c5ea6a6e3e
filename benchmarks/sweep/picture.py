"""The curves of a sweep: time against each axis, on logarithmic scales, above both ceilings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks import pictures
from benchmarks.sweep.cliffs import cliffs
from benchmarks.sweep.points import AXES
from benchmarks.sweep.sums import at, floors_of, totals
from gans.plots.figures.style import DARK, bare, figure

LABELS = {
    "batch": "batch",
    "size": "pixels of a side",
    "channels": "channels or feature maps",
    "threads": "threads",
}


def curves(record: dict[str, Any], sides: list[str], path: Path) -> None:
    """A panel for each axis that was swept, as PNG; rings are cliffs."""
    axes = [axis for axis in AXES if at(record, axis)]
    made = figure(4.3 * len(axes) + 0.4, 5.0)
    panels = made.subplots(1, len(axes), squeeze=False)[0]
    for panel, axis in zip(panels, axes, strict=True):
        draw(panel, record, sides, axis)
    panels[0].set_ylabel("ms")
    handles, labels = panels[0].get_legend_handles_labels()
    made.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0.005, 0.935), ncols=6, frameon=False, fontsize=9
    )
    pictures.finish(made, record, f"{record['what']}, CPU, float32", path, top=0.9)


def draw(panel: Axes, record: dict[str, Any], sides: list[str], axis: str) -> None:
    """Each side's curve; below them the times of the operations and of the bytes alone."""
    groups = at(record, axis)
    values = list(groups)
    for side in sides:
        found = {value: totals(rows, side) for value, rows in groups.items()}
        xs = [value for value, seconds in found.items() if seconds is not None]
        ys = [seconds * 1e3 for seconds in found.values() if seconds is not None]
        panel.plot(xs, ys, "o-", ms=4, lw=1.6, color=pictures.colour(side), label=pictures.name(side))
    floors = [floors_of(record, rows) for rows in groups.values()]
    for number, (style, label) in enumerate((("--", "FMA alone"), (":", "copying alone"))):
        panel.plot(values, [floor[number] * 1e3 for floor in floors], style, color=DARK, lw=1.2, label=label)
    for cliff in cliffs(record["rows"]):
        took = totals(groups[cliff.after], cliff.side) if cliff.axis == axis else None
        if took is not None:
            panel.plot(
                cliff.after, took * 1e3, "o", ms=12, mfc="none", mec=pictures.colour(cliff.side), mew=1.5
            )
    panel.set(xscale="log", yscale="log")
    panel.set_xticks(values, [str(value) for value in values], rotation=45 if len(values) > 7 else 0)
    panel.xaxis.set_minor_locator(NullLocator())
    low, high = panel.get_ylim()
    panel.yaxis.set_major_locator(LogLocator(subs=[1, 2, 5] if high < 100 * low else [1]))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(NullLocator())
    panel.grid(color="#eeeeee", lw=0.8)
    panel.set_axisbelow(True)
    panel.set_xlabel(LABELS[axis])
    bare(panel)
