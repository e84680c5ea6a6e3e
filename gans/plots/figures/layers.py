"""Numbers of each layer over the steps, in a panel for each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from gans.plots.figures.style import DARK, bare, figure, png

__all__ = ["layer_curves"]


def layer_curves(
    steps: Sequence[int],
    panels: Mapping[str, Mapping[str, npt.ArrayLike]],
    title: str,
    label: str,
    words: str = "",
) -> bytes:
    """PNG of a panel for each network, with a line over ``steps`` for each of its layers.

    ``panels`` has each network's layers with their numbers (k,), from the input on: dark lines are near the
    input, light ones near the output. The scale is logarithmic; zeros and NaN are gaps. ``label`` says what
    the numbers are, ``words`` stand below the title.
    """
    inches = [max(2.3, 0.4 + 0.17 * len(layers)) for layers in panels.values()]
    height = 1.1 + sum(inches)
    made = figure(9, height)
    margins = {"left": 0.1, "right": 0.78, "bottom": 0.5 / height, "top": 1 - 0.75 / height, "hspace": 0.22}
    grid = made.subplots(
        len(panels), 1, sharex=True, squeeze=False, gridspec_kw={**margins, "height_ratios": inches}
    )[:, 0]
    for axes, (network, layers) in zip(grid, panels.items(), strict=True):
        colours = colormaps["viridis"](np.linspace(0, 0.92, max(1, len(layers))))
        for (name, numbers), colour in zip(layers.items(), colours, strict=True):
            values = np.asarray(numbers, dtype=np.float64)
            shown = np.where(values > 0, values, np.nan)
            axes.plot(steps, shown, color=colour, linewidth=1.2, marker=".", markersize=3, label=name)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylabel(label, fontsize=9)
        axes.set_title(network, fontsize=10, color=DARK, loc="left", parse_math=False)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
        bare(axes)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=7)
    grid[-1].set_xlabel("step")
    grid[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    made.align_ylabels()
    made.suptitle(title, parse_math=False, fontsize=12, color=DARK, y=1 - 0.15 / height)
    made.text(0.5, 1 - 0.46 / height, words, ha="center", va="top", fontsize=8.5, color="#666666")
    return png(made)
