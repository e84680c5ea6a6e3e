"""Curves of a training: losses, D's outputs, gradient norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from gans.plots.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png

__all__ = ["smooth", "training_curves"]

Floats = npt.NDArray[np.float64]


class Line(NamedTuple):
    """Values over the steps, under a name and in a colour."""

    label: str
    values: Floats
    colour: str


def training_curves(records: Sequence[Mapping[str, Any]], title: str, probabilities: bool = True) -> bytes:
    """PNG of three panels over the steps: losses, D's mean output on real and generated data, gradient norms.

    ``records`` are the lines of metrics.jsonl; a missing value or a None is not drawn. The strong lines are
    moving averages over 2% of the steps, the pale ones all the values.
    D's outputs are probabilities if ``probabilities`` is true, else a critic's scores.

    Raises ValueError if there are no records.
    """
    if not records:
        raise ValueError("training_curves: at least one record needed")
    steps = np.array([record["step"] for record in records], dtype=np.float64)

    def column(name: str) -> Floats:
        return np.array([record.get(name) for record in records], dtype=np.float64)

    made = figure(9, 8.2)
    margins = {
        "left": 0.095,
        "right": 0.975 if probabilities else 0.915,
        "bottom": 0.065,
        "top": 0.925,
        "hspace": 0.2,
    }
    losses, outputs, norms = made.subplots(3, 1, sharex=True, gridspec_kw=margins)
    d, g = Line("discriminator", column("loss_d"), BLUE), Line("generator", column("loss_g"), ORANGE)
    if probabilities:
        _draw(losses, steps, d, g)
        losses.set_ylabel("loss")
        outputs.set_ylim(-0.02, 1.02)
        outputs.axhline(0.5, color=DARK, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
        outputs.set_ylabel("mean of D, a probability")
    else:
        _draw_apart(losses, steps, d, g)
        outputs.set_ylabel("mean score of the critic")
    _draw(outputs, steps, Line("D(real)", column("d_real"), GREEN), Line("D(fake)", column("d_fake"), PURPLE))
    d, g = d._replace(values=column("grad_norm_d")), g._replace(values=column("grad_norm_g"))
    _draw(norms, steps, d, g)
    if not (np.minimum(d.values, g.values) <= 0).any():
        norms.set_yscale("log")
    norms.set_ylabel("norm of the gradient")
    norms.set_xlabel("step (updates of the generator)")
    norms.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    norms.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    norms.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    made.align_ylabels()
    made.suptitle(title, parse_math=False, fontsize=13, color=DARK, y=0.985)
    return png(made)


def smooth(values: Floats, window: int) -> Floats:
    """Moving average over ``window`` values around each one, fewer at both ends.

    >>> smooth(np.array([1.0, 2.0, 6.0]), 3).tolist()
    [1.5, 3.0, 4.0]
    """
    counts = np.convolve(np.ones(len(values)), np.ones(window), mode="full")
    sums = np.convolve(values, np.ones(window), mode="full")
    start = (window - 1) // 2
    averages: Floats = (sums / counts)[start : start + len(values)]
    return averages


def _draw(axes: Axes, steps: Floats, *lines: Line) -> None:
    window = max(1, len(steps) // 50)
    for line in lines:
        if window > 1:
            axes.plot(steps, line.values, color=line.colour, linewidth=0.6, alpha=0.3)
        axes.plot(steps, smooth(line.values, window), color=line.colour, linewidth=1.6, label=line.label)
    bare(axes)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)
    if len(lines) > 1:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 0.98),
            borderaxespad=0.0,
            frameon=False,
            ncols=len(lines),
            fontsize=9,
        )


def _draw_apart(axes: Axes, steps: Floats, left: Line, right: Line) -> None:
    """Two lines of different size, each with a scale of its own in its colour."""
    for side, line, where in ((axes, left, "left"), (axes.twinx(), right, "right")):
        _draw(side, steps, line)
        side.set_ylabel(f"loss of the {line.label}", color=line.colour)
        side.tick_params(axis="y", colors=line.colour)
        side.spines["right"].set_visible(where == "right")
        side.spines["right"].set_color("#999999")
        side.grid(visible=where == "left", axis="y")
